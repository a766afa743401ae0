// SPDX-License-Identifier: MIT
// What a libstdc++.a and a libgcc_eh.a for glibc need that musl does not have.
#include <pthread.h>
#include <stdlib.h>

char __libc_single_threaded = 0;

// Not found: the unwinder asks dl_iterate_phdr(3) instead.
int _dl_find_object(void* address, void* result) {
    (void)address;
    (void)result;
    return -1;
}

// For std::random_device, which nothing here uses.
unsigned arc4random(void) {
    abort();
}

// Destructors of thread_local objects.
struct destructor {
    void (*function)(void*);
    void* object;
    struct destructor* next;
};
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void run(void* first) {
    for (struct destructor* each = first; each != NULL;) {
        struct destructor* next = each->next;
        each->function(each->object);
        free(each);
        each = next;
    }
}
static void make_key(void) {
    pthread_key_create(&key, run);
}
int __cxa_thread_atexit_impl(void (*function)(void*), void* object, void* library) {
    (void)library;
    pthread_once(&once, make_key);
    struct destructor* added = malloc(sizeof *added);
    if (added == NULL) {
        return -1;
    }
    added->function = function;
    added->object = object;
    added->next = pthread_getspecific(key);
    return pthread_setspecific(key, added);
}
