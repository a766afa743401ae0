#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Comments, messages, test names and docs use no construction that has a plainer form.

check_prose.py ROOT            prints file:line, the words, and what to write instead
check_prose.py ROOT --count    prints words, markers and markers per 1000 words of each group

Of code, comments and string literals are read, and the names of tests as sentences; of docs, the
text without code, and the comments of code blocks.
"""
import io
import pathlib
import re
import sys
import tokenize

# (what is refused, what to write instead). Raw strings are patterns, so they are not read as prose.
RULES = [
    (r"anew", "again, or a word with re-"),
    (r"for ever", "forever, without a timeout"),
    (r"told", "receives, is called with, is woken with, distinguished"),
    (r"tells", "says, returns, shows"),
    (r"answers?(?= (?:false|true|null|nothing|no_\w+|with|[a-z]+_[a-z_]+|what|that it|an? |the |it)"
     r"\b)|(?:everything|it|call|function|operation|which|that) answers", "returns, fails with"),
    (r"(?:go|goes|going|gone|went) on", "continues, is resumed, keeps running"),
    (r"gone", "is destroyed, was removed, was closed, has exited"),
    (r"(?:may|can|must|to) go first|goes first", "is destroyed first"),
    (r"(?:put|puts|putting) up with", "tolerates"),
    (r"(?:make|makes|made|making) room", "is replaced, allocates"),
    (r"(?:is|are|was|were) to (?:be|become|come|do|end|find|get|go|happen|have|hold|keep|know|live"
     r"|read|run|see|start|stop|wait)", "must, should, will"),
    (r"(?:known|exists?|is|are|was|were|there) no more(?! than| \w+s\b)", "no longer; type-erased"),
    (r"who (?:adds|asks|builds|calls|cannot|closes|comes|does|gets|gives|had|has|holds|is|keeps"
     r"|knows|looks|makes|must|needs?|only|reads|removes|runs|sets|takes|uses|waits|wants?|writes)",
     "if you ..., callers that ..., which ..."),
    (r"whoever", "the caller, the thread that, the code that"),
    (r"(?:right|just) behind|behind (?:the reactor's back|each|every|it|them|its|their|these|those"
     r"|this|that|one|another|the (?!scenes)|an? (?!interface|lock|pointer|proxy|load))",
     "after; without the knowledge of"),
    (r"nobody", "no thread, no handler, nothing, no other"),
    (r"strangers?", "another process, other code, an unknown one"),
    (r"the begin", "the beginning, the start"),
    (r"(?:is|are|was|were|be|been) let in", "is accepted, is added"),
    (r"(?:is|are|was|were) had", "is available, was obtained"),
    (r"(?:is|are|stands?) in the way(?! (?:that|of|in))", "occupies, prevents"),
    (r"(?:lies|lay) (?:in|on|at|before|after|all|there)", "is stored in, is in"),
    (r"(?<=,\s)also (?:when|if|where)", "even if, even when"),
    (r"from when on", "from that time on"),
    (r"spares", "saves, avoids"),
    (r"(?:has|have|had) (?:it|them|(?:the|a|its(?! own)|their(?! own)) \w+)"
     r" (?:\w+ed|run|thrown?)(?! by)", "runs, schedules, arranges for"),
]
GROUPS = {"headers": "include", "sources": "src", "docs": "docs", "tests": "tests"}
SUFFIXES = {".hpp", ".cpp", ".md", ".py", ".sh", ".cmake", ".in"}
NAMES = {"CMakeLists.txt", "Makefile", ".clang-tidy"}
SKIPPED = {".git", ".cache", "build", "__pycache__"}
MESSAGE_WORDS_MIN = 3  # a string of fewer words is data

SENTENCE_START = r"(?:(?<=^)|(?<=[.:;]\s)|(?<=\n\n)|(?<=[-*]\s))"
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
NOT_PROSE = re.compile(
    r"SPDX-License-Identifier: \S+|NOLINT\w*(?:\([^)]*\))?|\[[a-z_.]+\]|https?:\S+")

CPP = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<raw>R"(?P<end>[^(\s]*)\((?P<inside>.*?)\)(?P=end)")'
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<char>'(?:[^'\\\n]|\\.)+')"""
    r"|(?P<include>^[ \t]*#[ \t]*include[^\n]*)|(?P<test>TEST(?:_[FP])?\(\s*\w+,\s*(?P<name>\w+))"
    r"|(?P<space>\s+)|(?P<code>\w+|[^\w\s\"'/#]+|.)", re.DOTALL | re.MULTILINE)
SHELL = re.compile(
    r"""(?P<comment>(?<!\S)\#[^\n]*)|(?P<string>"(?:[^"\\]|\\.)*"|'[^']*')"""
    r"|(?P<space>\s+)|(?P<code>[^\s\"'#]+|.)", re.DOTALL)
COMMENT_MARK = re.compile(r"^\s*(?://[/!]?<?|/\*|\*/|#!?|\*)\s?|\*/$", re.MULTILINE)
CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
MARKDOWN_CODE = re.compile(r"`[^`\n]*`|<!--.*?-->|\]\([^)]*\)", re.DOTALL)


def pattern_of(rule):
    start = SENTENCE_START if rule.startswith("who ") else r"\b"
    return re.compile(f"{start}(?:{rule})\\b".replace(" ", r"\s+"), re.IGNORECASE)


PATTERNS = [(pattern_of(rule), better) for rule, better in RULES]
ANY = re.compile("|".join(pattern.pattern for pattern, _ in PATTERNS), re.IGNORECASE)


def blank(match):
    """As many lines and columns as what is left out."""
    return re.sub(r"[^\n]", " ", match[0])


def scanned(pattern, text):
    """(kind, line, text) of each token."""
    line = 1
    for match in pattern.finditer(text):
        kind, piece = match.lastgroup, match[0]
        if kind == "test":
            yield "name", line, CAMEL_CASE.sub(" ", match["name"])
        elif kind == "string":
            yield "string", line, piece[1:-1]
        elif kind == "raw":
            yield "string", line, match["inside"]
        else:
            yield kind, line, piece
        line += piece.count("\n")


def scanned_python(text):
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line, word = token.start[0], token.string
        if token.type == tokenize.COMMENT:
            yield "comment", line, word
        elif token.type == tokenize.STRING:
            parts = re.fullmatch(r"(\w*)('{3}|\"{3}|'|\")(.*)\2", word, re.DOTALL)
            yield "code" if "r" in parts[1].lower() else "string", line, parts[3]
        elif token.type == tokenize.NAME and before == "def" and word.startswith("test_"):
            yield "name", line, word.removeprefix("test_").replace("_", " ")
        elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            yield "code", line, word
        before = word


def read(kind, text, lines):
    if text and (kind != "string" or len(WORD.findall(text)) >= MESSAGE_WORDS_MIN):
        yield NOT_PROSE.sub(blank, text), lines


def joined(tokens):
    """(text, the line of each character): comments on successive lines are one text, and so are
    string literals side by side.
    """
    text, lines, kind_before = "", [], ""
    for kind, line, piece in tokens:
        if kind == "space":
            if piece.count("\n") > 1:
                kind_before = ""
            continue
        if kind != kind_before or kind not in ("comment", "string"):
            yield from read(kind_before, text, lines)
            text, lines = "", []
        kind_before = kind
        if kind in ("comment", "string", "name"):
            piece = COMMENT_MARK.sub("", piece) + "\n" if kind == "comment" else piece
            lines += [line + piece[:i].count("\n") for i in range(len(piece))]
            text += piece
    yield from read(kind_before, text, lines)


def markdown(text):
    lines, is_code = [], False
    prose = NOT_PROSE.sub(blank, MARKDOWN_CODE.sub(blank, text))
    for line, unchanged in zip(prose.split("\n"), text.split("\n")):
        if unchanged.lstrip().startswith("```"):
            is_code = not is_code
            line = ""
        elif is_code:
            comment = re.search(r"(?:^|\s)(?://|#) (.*)", unchanged)
            line = comment[1] if comment else ""
        elif line.startswith("#"):
            line = re.sub(r"^#+ who\b", "", line, flags=re.IGNORECASE)  # a heading may ask
        lines.append(line)
    numbers = [number for number, line in enumerate(lines, 1) for _ in line + "\n"]
    yield "\n".join(lines) + "\n", numbers


def texts(file):
    """(text, the line of each character) for all prose of a file."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        return markdown(text)
    if file.suffix == ".py":
        return joined(scanned_python(text))
    return joined(scanned(CPP if file.suffix in (".hpp", ".cpp") else SHELL, text))


def markers(file):
    for text, lines in texts(file):
        for pattern, better in PATTERNS if ANY.search(text) else ():
            for match in pattern.finditer(text):
                words = " ".join(match[0].split())
                is_question = re.match(r"[^.?!:;]*\?", text[match.end():])
                if not (is_question and words.lower().startswith("who ")):
                    yield lines[match.start()], words, better


def prose_files(root):
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.is_symlink() and path.name not in SKIPPED:
            yield from prose_files(path)
        elif path.is_file() and (path.suffix in SUFFIXES or path.name in NAMES):
            yield path


def count(root):
    totals = {}
    for file in prose_files(root):
        top = file.relative_to(root).parts[0]
        group = next((name for name, folder in GROUPS.items() if folder == top),
                     "docs" if file.suffix == ".md" else "others")
        words = sum(len(WORD.findall(text)) for text, _ in texts(file))
        old = totals.get(group, (0, 0))
        totals[group] = (old[0] + words, old[1] + len(list(markers(file))))
    totals["all"] = tuple(sum(each) for each in zip(*totals.values()))
    print(f"{'':10}{'words':>8}{'markers':>9}{'per 1000':>10}")
    for group in [*GROUPS, "others", "all"]:
        words, found = totals.get(group, (0, 0))
        print(f"{group:10}{words:8}{found:9}{1000 * found / max(words, 1):10.2f}")


def main(root, *options):
    if options == ("--count",):
        return count(root)
    bad = [f"{file}:{line}: '{words}': write {better}"
           for file in prose_files(root) for line, words, better in sorted(markers(file))]
    print("\n".join(bad) or "prose: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
