// SPDX-License-Identifier: MIT
// Macros of other libraries whose names are common words. Every public header compiles after them.
#pragma once

// Qt
#define signals public
#define slots
#define emit
#define foreach(variable, container) for (variable : container)
#define forever for (;;)

// <complex.h>
#define I _Complex_I
#define _Complex_I (__extension__ 1.0iF)

// X11
#define Above 0
#define Absolute 0
#define Always 2
#define AnyKey 0L
#define Below 1
#define Bool int
#define Button1 1
#define Complex 0
#define CurrentTime 0L
#define CursorShape 0
#define DestroyAll 0
#define Expose 12
#define False 0
#define FocusIn 9
#define FocusOut 10
#define GrayScale 1
#define InputOnly 2
#define KeyPress 2
#define LockMask (1 << 1)
#define None 0L
#define Opposite 4
#define PropertyNotify 28
#define Status int
#define Success 0
#define True 1
#define Unsorted 0
#define Visible 1

// ncurses
#define COLS 80
#define ERR (-1)
#define FALSE 0
#define LINES 25
#define OK 0
#define TRUE 1
#define addch(character) waddch(stdscr, character)
#define border(a, b, c, d, e, f, g, h) wborder(stdscr, a, b, c, d, e, f, g, h)
#define delch() wdelch(stdscr)
#define getch() wgetch(stdscr)
#define inch() winch(stdscr)
#define scroll(window) wscrl(window, 1)
#define stdscr 0
#define timeout(delay) wtimeout(stdscr, delay)

// <sys/sysmacros.h>, <sys/param.h>, <termios.h>, <signal.h>, <netdb.h>
#undef major
#undef minor
#undef makedev
#define major(device) gnu_dev_major(device)
#define minor(device) gnu_dev_minor(device)
#define makedev(a, b) gnu_dev_makedev(a, b)
#define B0 0
#define CR0 0
#define ECHO 010
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define NBBY 8
#define howmany(a, b) (((a) + ((b) - 1)) / (b))
#define isset(array, i) ((array)[(i) / 8] & (1 << ((i) % 8)))
#define powerof2(a) ((((a) - 1) & (a)) == 0)
#define roundup(a, b) ((((a) + ((b) - 1)) / (b)) * (b))
#define setbit(array, i) ((array)[(i) / 8] |= 1 << ((i) % 8))

// Headers of the Linux kernel, and copies of what is in them
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(number) (1UL << (number))
#define container_of(pointer, type, member) ((type*)((char*)(pointer) - offsetof(type, member)))
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

// Whatever makes names of platforms, versions and numbers
#undef linux
#undef unix
#define ABS(a) ((a) < 0 ? -(a) : (a))
#define DEBUG 1
#define ERROR 0
#define NAME "name"
#define NO 0
#define PACKAGE "package"
#define VERSION "1.0"
#define YES 1
#define linux 1
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define unix 1

// Assertions and logs
#undef assert
#define ASSERT(condition) assert(condition)
#define CHECK(condition) assert(condition)
#define Ensures(condition) assert(condition)
#define Expects(condition) assert(condition)
#define LOG(...) assert(__VA_ARGS__)
#define VERIFY(condition) assert(condition)
#define assert(condition) (static_cast<bool>(condition) ? void(0) : void(1))
#define check(condition) assert(condition)
#define debug(...) assert(__VA_ARGS__)
#define ensure(condition) assert(condition)
#define expect(condition) assert(condition)
#define fatal(...) assert(__VA_ARGS__)
#define log(...) assert(__VA_ARGS__)
#define panic(...) assert(__VA_ARGS__)
#define require(condition, ...) assert(condition)
#define trace(...) assert(__VA_ARGS__)
#define verify(condition) assert(condition)
#define warn(...) assert(__VA_ARGS__)
