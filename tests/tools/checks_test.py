# SPDX-License-Identifier: MIT
"""Each check of tools/ accepts a good tree and refuses a tree with one fault."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / "tools"
SPDX = "// SPDX-License-Identifier: MIT\n"
HEADER = SPDX + "#pragma once\n"
HELLO = "int main() {}\n"
QUOTED = "# x\n\n<!-- quotes examples/hello_eventfd.cpp -->\n```cpp\n" + HELLO + "```\n"


def run(check, tree):
    """Runs one check over a tree given as {path: text}; (passed, what it printed)."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in tree.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        done = subprocess.run([sys.executable, TOOLS / f"check_{check}.py", folder],
                              capture_output=True, text=True, check=False)
    if done.stderr:
        raise RuntimeError(done.stderr)
    return done.returncode == 0, done.stdout


class CheckTest(unittest.TestCase):
    def accepts(self, check, tree):
        passed, said = run(check, tree)
        self.assertTrue(passed, said)

    def refuses(self, check, tree, words):
        passed, said = run(check, tree)
        self.assertFalse(passed, said)
        self.assertIn(words, said)


class Assertions(CheckTest):
    SLOT = {"include/eventp/detail/slot.hpp": "enum class SlotState : char {\n  watched,\n};\n"}
    STATES = {"src/core/slot_state.hpp": "case SlotState::watched:\nEVENTP_ASSERT(true);\n"}

    def test_accepts_one_assertion_for_each_sixty_lines(self):
        self.accepts("assertions", self.SLOT | self.STATES | {"src/core/a.cpp": "x();\n" * 58})

    def test_refuses_fewer(self):
        self.refuses("assertions", self.SLOT | self.STATES | {"src/core/a.cpp": "x();\n" * 59},
                     "fewer than one in 60")

    def test_refuses_a_state_that_no_transition_leads_to(self):
        self.refuses("assertions", self.SLOT | {"src/core/slot_state.hpp": "EVENTP_ASSERT(1);\n"},
                     "no case for watched")


class Layers(CheckTest):
    LAW = {"src/README.md": "| `sys` | x |\n| `core` | x |\n| `timers`, `signals` | x |\n"}

    def accepts_tree(self, tree):
        self.accepts("layers", self.LAW | tree)

    def refuses_tree(self, tree, words):
        self.refuses("layers", self.LAW | tree, words)

    def test_accepts_an_include_of_the_same_folder_or_of_one_above(self):
        self.accepts_tree({"src/core/a.cpp": '#include <eventp/fd.hpp>\n#include "core/a.hpp"\n'
                                             '#include "sys/syscall.hpp"\n'})

    def test_refuses_an_include_of_a_folder_below(self):
        self.refuses_tree({"src/sys/a.cpp": '#include "core/a.hpp"\n'}, "sys/ may not include")

    def test_refuses_an_include_between_folders_of_one_row(self):
        self.refuses_tree({"src/timers/a.cpp": '#include "signals/a.hpp"\n'},
                          "timers/ may not include")

    def test_refuses_an_include_without_a_folder(self):
        self.refuses_tree({"src/core/a.cpp": '#include "b.hpp"\n'}, '"folder/file.hpp"')

    def test_refuses_a_file_outside_the_folders_of_the_table(self):
        self.refuses_tree({"src/a.cpp": ""}, "not in a folder of the table")
        self.refuses_tree({"src/other/a.cpp": ""}, "not in a folder of the table")

    def test_accepts_public_headers_of_the_library_the_kernel_and_gmock_in_testing(self):
        self.accepts_tree({"include/eventp/a.hpp": "#include <sys/epoll.h>\n#include <vector>\n",
                           "include/eventp/b.hpp": "#include <eventp/a.hpp>\n",
                           "include/eventp/testing/c.hpp": "#include <gmock/gmock.h>\n"})

    def test_refuses_an_include_cycle_of_public_headers(self):
        self.refuses_tree({"include/eventp/a.hpp": "#include <eventp/b.hpp>\n",
                           "include/eventp/b.hpp": "#include <eventp/a.hpp>\n"}, "include cycle")

    def test_refuses_a_public_header_that_does_not_exist(self):
        self.refuses_tree({"include/eventp/a.hpp": "#include <eventp/b.hpp>\n"}, "no such header")

    def test_refuses_a_private_include_in_a_public_header(self):
        self.refuses_tree({"include/eventp/a.hpp": '#include "core/registry.hpp"\n'},
                          "public headers include public headers")

    def test_refuses_a_third_party_in_a_public_header(self):
        self.refuses_tree({"include/eventp/a.hpp": "#include <boost/config.hpp>\n"},
                          "the standard library and the kernel only")

    def test_refuses_testing_outside_testing(self):
        self.refuses_tree({"include/eventp/eventp.hpp": "#include <eventp/testing/fire.hpp>\n",
                           "include/eventp/testing/fire.hpp": ""}, "needs GoogleMock")
        self.refuses_tree({"src/core/a.cpp": "#include <eventp/testing/fire.hpp>\n"},
                          "needs GoogleMock")


class Contracts(CheckTest):
    PROMISE = {"include/eventp/a.hpp": "/// Goes. [remove.self]\n/// Hands out. [extract]\n"}
    TEST = {"tests/unit/a.test.cpp":
            "TEST(A, Goes) {  // [remove.self]\n}\nTEST(A, HandsOut) {  // [extract]\n}\n"}

    def test_accepts_labels_that_are_tested(self):
        self.accepts("contracts", self.PROMISE | self.TEST)

    def test_accepts_brackets_that_are_no_labels(self):
        self.accepts("contracts", {
            "include/eventp/a.hpp": "// rows[number], [[nodiscard]], [link](x)\nint a[count];\n"})

    def test_accepts_a_citation_in_a_misuse(self):
        self.accepts("contracts", {
            "include/eventp/a.hpp": "/// [extract]\n",
            "tests/compile_fail/a.cpp": "// Expect: no\n// [extract]\n"})

    def test_accepts_a_citation_in_a_test_in_python(self):
        self.accepts("contracts", {
            "include/eventp/a.hpp": "/// [extract]\n",
            "tests/headers/a_test.py": "class A(B):\n    # [extract]\n    def test_a(self):\n"})

    def test_refuses_an_untested_label(self):
        self.refuses("contracts", self.PROMISE, "[remove.self] is promised and no test cites it")

    def test_refuses_an_untested_label_of_one_word(self):
        self.refuses("contracts", self.PROMISE, "[extract] is promised and no test cites it")

    def test_refuses_a_citation_in_a_file_without_tests(self):
        self.refuses("contracts", {
            "include/eventp/a.hpp": "/// [extract]\n", "tests/support/a.hpp": "// [extract]\n"},
            "[extract] is promised and no test cites it")

    def test_refuses_a_label_without_a_promise(self):
        self.refuses("contracts", self.TEST, "[remove.self] is cited and no public header")


class Files(CheckTest):
    def test_accepts_a_good_tree(self):
        self.accepts("files", {
            "include/a.hpp": HEADER, "tools/a.py": "#!/usr/bin/env python3\n#" + SPDX[2:],
            "Makefile": "#" + SPDX[2:] + "all:\n\techo\n", "build/a.cpp": "\t", "docs/a.md": "\t"})

    def test_refuses_a_file_without_a_licence(self):
        for name in ("src/a.cpp", "tools/a.py", "tools/a.sh", "CMakeLists.txt", ".ci/run"):
            with self.subTest(name):
                self.refuses("files", {name: "\n"}, "SPDX-License-Identifier")

    def test_refuses_a_header_without_pragma_once(self):
        self.refuses("files", {"include/a.hpp": SPDX}, "no #pragma once")

    def test_refuses_a_file_of_401_lines(self):
        self.refuses("files", {"src/a.cpp": SPDX + "\n" * 399 + "x\n"}, "401 lines")

    def test_refuses_a_line_of_101_columns(self):
        self.refuses("files", {"src/a.cpp": SPDX + "x" * 101 + "\n"}, "101 columns")

    def test_refuses_tabs_and_trailing_blanks(self):
        self.refuses("files", {"src/a.cpp": SPDX + "\tx\n"}, "tab")
        self.refuses("files", {"src/a.cpp": SPDX + "x \n"}, "trailing blank")

    def test_refuses_a_missing_or_a_second_newline_at_the_end(self):
        self.refuses("files", {"src/a.cpp": SPDX + "x"}, "one newline")
        self.refuses("files", {"src/a.cpp": SPDX + "x\n\n"}, "one newline")


class Lists(CheckTest):
    GOOD = {"CMakeLists.txt": "src/a.cpp include/eventp/a.hpp", "src/a.cpp": "",
            "include/eventp/a.hpp": "", "tests/unit/a.test.cpp": "",
            "tests/CMakeLists.txt": "eventp_add_tests(unit a)",
            "examples/CMakeLists.txt": "echo/a.cpp", "examples/echo/a.cpp": ""}

    def test_accepts_a_tree_where_all_are_listed(self):
        self.accepts("lists", self.GOOD)

    def test_refuses_a_file_that_is_not_listed(self):
        for name in ("src/b.cpp", "src/sys/a.cpp", "include/eventp/b.hpp", "tests/unit/b.test.cpp",
                     "tests/fault/a.test.cpp", "examples/b.cpp", "examples/a.cpp"):
            with self.subTest(name):
                self.refuses("lists", self.GOOD | {name: ""}, name)

    def test_accepts_a_file_of_a_group(self):
        self.accepts("lists", self.GOOD | {
            "tests/CMakeLists.txt": "eventp_add_tests(unit group SOURCES x.cpp FILES b a LINK c)",
            "tests/unit/b.test.cpp": ""})

    def test_refuses_a_test_file_that_is_not_among_the_files_of_its_group(self):
        for text in ("# eventp_add_tests(unit a)", "eventp_add_tests(fault a)",
                     "eventp_add_tests(unit a FILES b)", "eventp_add_tests(unit b LINK a)"):
            with self.subTest(text):
                self.refuses("lists", self.GOOD | {"tests/CMakeLists.txt": text},
                             "tests/unit/a.test.cpp")


class Readme(CheckTest):
    GOOD = {"examples/hello_eventfd.cpp": SPDX + HELLO, "README.md": QUOTED}

    def test_accepts_a_verbatim_quotation(self):
        self.accepts("readme", self.GOOD)

    def test_refuses_a_quotation_that_differs(self):
        self.refuses("readme", self.GOOD | {"README.md": QUOTED.replace("main()", "main(void)")},
                     "differs")

    def test_refuses_a_quotation_that_differs_in_docs(self):
        self.refuses("readme", self.GOOD | {"docs/a.md": QUOTED.replace("main()", "main(void)")},
                     "docs/a.md")

    def test_refuses_a_readme_without_the_example(self):
        self.refuses("readme", self.GOOD | {"README.md": "```cpp\n" + HELLO + "```\n"},
                     "does not quote")

    def test_refuses_a_mark_without_a_block(self):
        self.refuses("readme", self.GOOD | {"README.md": QUOTED.replace("```", "~~~")},
                     "has no code block")

    def test_refuses_a_quotation_of_nothing(self):
        self.refuses("readme", self.GOOD | {
            "README.md": QUOTED + QUOTED.replace("hello_eventfd", "missing")}, "does not exist")


class Prose(CheckTest):
    # Raw strings, which the check takes for patterns when it reads this file.
    REFUSED = [
        r"Asks the kernel anew.", r"Waits for ever.", r"The caller is told so.",
        r"/proc tells it.", r"add() answers no_such_process.", r"Everything answers broken_pipe.",
        r"The turn goes on.", r"Null when it is gone.", r"Either may go first.",
        r"Ghosts are put up with.", r"The entry makes room.", r"The set is to be rebuilt.",
        r"A handler whose type is known no more.", r"Who wants it back uses build().",
        r"It fails: who needs it keeps it.", r"Whoever comes first.", r"Right behind the handler.",
        r"Retried behind every turn.", r"It names nobody.", r"A stranger's process.",
        r"Ticks from the begin.", r"A paused one was let in.", r"A pidfd that is had now.",
        r"One that is in the way.", r"The value lies in the slot.", r"True, also when it throws.",
        r"The time from when on it is readable.", r"Spares a system call.",
        r"Has the handler run again.",
    ]
    ACCEPTED = (
        "Reads no more than its buffer. It is to the left. Who closes it? A lock behind a proxy.\n"
        "Shows who sent it. The way to add it is in the way that is shown. It has its own fd.\n")

    def test_accepts_plain_sentences(self):
        self.accepts("prose", {"src/a.cpp": "// " + self.ACCEPTED.replace("\n", "\n// ") + "\n",
                               "docs/a.md": self.ACCEPTED, "tools/a.py": "# ok\n"})

    def test_accepts_words_in_code(self):
        self.accepts("prose", {
            "src/a.cpp": r'int told = anew(behind); // [remote.gone]' + "\n",
            "docs/a.md": r"Call `anew()`." + "\n\n```cpp\n" + r"bool told = gone;" + "\n```\n",
            "tools/a.py": r'told = re.compile(r"it is told so")' + "\n"})

    def test_accepts_a_question_as_a_heading(self):
        self.accepts("prose", {"docs/a.md": r"## Who has the descriptor" + "\n"})

    def test_refuses_each_construction_in_a_comment_and_in_docs(self):
        tree = {}
        for number, sentence in enumerate(self.REFUSED):
            tree[f"src/{number}.cpp"] = f"int a;  // {sentence}\n"
            tree[f"docs/{number}.md"] = f"# x\n\n{sentence}\n"
        _, said = run("prose", tree)
        for number, sentence in enumerate(self.REFUSED):
            self.assertIn(f"/src/{number}.cpp:1: '", said, sentence)
            self.assertIn(f"/docs/{number}.md:3: '", said, sentence)

    def test_refuses_it_wherever_prose_is(self):
        tree = {
            "include/a.hpp": r'"the caller is" " told so"', "src/a.cpp": r"/* it is told */",
            "tests/a.cpp": "TEST(Remote,\n     " + r"IsToldWhatHappened) {}",
            "tests/a_test.py": r"def test_is_told_so(self): pass",
            "tools/a.py": r'print(f"the caller is told {x}")', "tools/a.sh": r"x  # told",
            "CMakeLists.txt": r'message("the user is told so")', ".clang-tidy": r"# told",
            "docs/a.md": "```cpp\n" + r"f();  // it is told" + "\n```"}
        _, said = run("prose", {name: f"\n{text}\n" for name, text in tree.items()})
        for name in tree:
            self.assertIn(f"/{name}:", said)

    def test_refuses_words_on_two_lines(self):
        self.refuses("prose", {"src/a.cpp": "int a;\n" + r"/// The turn goes" + "\n/// on.\n"},
                     r"src/a.cpp:2: 'goes on': write continues")


class Cancellation(CheckTest):
    SYS = {"src/sys/a.hpp": "int wait_long(int fd);\nint shut(int fd) noexcept;\n"}

    def accepts_code(self, code):
        self.accepts("cancellation", self.SYS | {"src/sys/a.cpp": code})

    def refuses_code(self, code, words):
        self.refuses("cancellation", self.SYS | {"src/sys/a.cpp": code}, words)

    def test_accepts_a_cancellation_point_in_a_function_that_may_unwind(self):
        self.accepts_code("int wait_long(int fd) {\n    return ::poll(fd);\n}\n")

    def test_accepts_a_system_call_by_its_number(self):
        self.accepts_code("int shut(int fd) noexcept {\n    return ::syscall(SYS_close, fd);\n}\n")

    def test_accepts_a_function_of_its_own_with_the_name_of_one(self):
        self.accepts_code("void f() noexcept {\n    sys::close(1);\n    ::eventp::close(1);\n}\n")

    def test_refuses_a_cancellation_point_of_the_c_library(self):
        self.refuses_code("int shut(int fd) noexcept {\n    if (fd) {\n"
                          "        return ::close(fd);\n    }\n}\n", "a.cpp:3: ::close")

    def test_refuses_one_in_a_destructor(self):
        self.refuses_code("A::~A() {\n    ::close(fd_);\n}\n", "a.cpp:2: ::close")

    def test_refuses_one_of_the_library(self):
        self.refuses_code("void f() const noexcept {\n    sys::wait_long(1);\n}\n",
                          "sys::wait_long")


if __name__ == "__main__":
    unittest.main()
