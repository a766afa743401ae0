# SPDX-License-Identifier: MIT
"""tools/check_docs.py accepts a good tree and refuses a tree with one fault."""
import unittest

from checks_test import CheckTest

BOX = "(no memory)\n   |\n+------+\n|  quarantined   |\n+------+\n"
IN_HEADER = "".join(f"///   {line}\n" for line in BOX.splitlines())


class Docs(CheckTest):
    GOOD = {"README.md": "# Title\n\n[a page](docs/a.md), [a place](docs/a.md#how-it-is-done), "
                         "[here](#title), [far](https://example.com/x.md), `src/a.cpp`, "
                         "`examples/x.cpp`\n",
            "docs/a.md": "# A page\n\n## How it is done?\n\n[back](../README.md)\n",
            "src/a.cpp": "// docs/a.md says why.\n"}

    def refuses_page(self, text, words):
        self.refuses("docs", self.GOOD | {"docs/b.md": text}, words)

    def test_accepts_links_headings_and_names_that_exist(self):
        self.accepts("docs", self.GOOD)

    def test_refuses_a_link_to_no_file(self):
        self.refuses_page("[x](c.md)\n", "links to c.md")

    def test_refuses_a_link_that_was_right_in_another_folder(self):
        self.refuses_page("[x](docs/a.md)\n", "links to docs/a.md")

    def test_refuses_a_link_to_no_heading(self):
        self.refuses_page("[x](a.md#why)\n", "no such heading")

    def test_takes_no_heading_or_link_from_a_code_block(self):
        self.refuses_page("[x](#no)\n\n```\n# no\n[x](c.md)\n```\n", "links to #no")
        self.accepts("docs", self.GOOD | {"docs/b.md": "```\n[x](c.md)\n```\n"})

    def test_refuses_a_name_of_no_file(self):
        self.refuses_page("see `src/b.cpp`\n", "names src/b.cpp")

    def test_refuses_a_source_that_names_no_page(self):
        self.refuses("docs", self.GOOD | {"src/a.cpp": "// docs/b.md says why.\n"},
                     "names docs/b.md")

    def test_accepts_one_diagram_of_the_states(self):
        self.accepts("docs", self.GOOD | {"include/eventp/detail/slot.hpp": IN_HEADER,
                                          "docs/internals/states.md": f"```\n{BOX}```\n"})

    def test_refuses_two_diagrams_of_the_states(self):
        self.refuses("docs", self.GOOD | {
            "include/eventp/detail/slot.hpp": IN_HEADER,
            "docs/internals/states.md": f"```\n{BOX.replace('   |', '   ^')}```\n"}, "differs")


if __name__ == "__main__":
    unittest.main()
