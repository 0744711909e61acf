"""`capsule import`: an article in, a capsule out, or nothing at all."""
import os
import re
import resource
import shutil
import stat
import subprocess
import tempfile
import unittest
from random import Random

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ARTICLE = os.path.join(TOP, "tests", "article.txt")
SHIPPED = os.path.join(TOP, "capsule")
CAPSULE = os.path.join(TOP, os.environ.get("BUILD", "build"), "capsule")
LABELS = ["8394 visitors online", "show details"]
SMALL = "Lead.\n\nWhy?\n\nSo.\n"


def read(*path):
    with open(os.path.join(*path), encoding="utf-8", newline="") as file:
        return file.read()


def paragraphs():
    lines = [line for line in read(ARTICLE).split("\n") if line]
    return [line for line in lines if line not in LABELS]


def files(top):
    found = []
    for folder, _, names in os.walk(top):
        found += [os.path.relpath(os.path.join(folder, name), top)
                  for name in names]
    return sorted(found)


def links(page):
    return [line.split(None, 2)[1:] for line in page.splitlines()
            if line.startswith("=>")]


def footer(page):
    """The links below an answer."""
    return page.partition("\n\n")[2].partition("\n\n")[2]


def wanted_footer(pages, i):
    """Of the question i of (url, question)."""
    want = "".join(
        f"=> {os.path.basename(pages[j][0])} {label}: {pages[j][1]}\n"
        for j, label in ((i - 1, "Previous"), (i + 1, "Next"))
        if 0 <= j < len(pages))
    return want + "\n=> ./ All questions\n=> ../ Home\n"


class Import(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="import")
        self.addCleanup(shutil.rmtree, self.top)
        self.text = os.path.join(self.top, "a-text.txt")
        self.out = os.path.join(self.top, "out")

    def write(self, text):
        with open(self.text, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def run_import(self, *arguments, program=CAPSULE, **options):
        options.setdefault("cwd", self.top)
        return subprocess.run(
            [program, "import", *arguments], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, **options)

    def made(self, text, *arguments):
        """Imports text to self.out and returns its standard error."""
        self.write(text)
        done = self.run_import(*arguments, self.text, self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def refused(self, *arguments, status=1, says="", **options):
        """One line, and nothing in the folder that was not there before."""
        before = sorted(os.walk(self.top))
        done = self.run_import(*arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(says, done.stderr)
        self.assertEqual(sorted(os.walk(self.top)), before)


class Article(Import):
    def setUp(self):
        super().setUp()
        self.done = self.run_import(ARTICLE, "out")
        self.assertEqual(self.done.returncode, 0, self.done.stderr)

    def test_files(self):
        questions = [f"qa/{slug}.gmi" for slug in (
            "how-does-aliyev-respond-to-pashinyans",
            "how-has-azerbaijan-supported-ukraine",
            "index",
            "what-are-the-implications-of-zelenskyys",
            "what-happened-during-the-crash",
            "what-was-putins-response",
            "what-was-the-context-of-the-discussion",
            "why-did-aliyev-cancel-his-visit",
            "why-did-aliyev-mention-the-1920",
            "why-did-azerbaijan-allocate-1-million")]
        want = sorted(["details.gmi", "index.gmi", "metadata.txt", "robots.txt",
                       *questions])
        self.assertEqual(files(self.out), want)
        *made, hint = self.done.stdout.splitlines()
        self.assertEqual(sorted(made), ["out/" + name for name in want])
        self.assertEqual(hint, "serve it with: capsuled -G 7070 out")
        self.assertEqual(os.listdir(self.top), ["out"])

    def test_left_out(self):
        self.assertEqual(self.done.stderr.splitlines(), [
            f"capsule import: {ARTICLE}:1: left out: 8394 visitors online",
            f"capsule import: {ARTICLE}:40: left out: show details"])

    def test_words(self):
        lead, *rest = paragraphs()
        home = read(self.out, "index.gmi").splitlines()
        details = read(self.out, "details.gmi").splitlines()
        self.assertEqual(home[0], "# Article")
        self.assertIn(lead, home)
        self.assertIn(lead, details)
        self.assertEqual(len(rest), 18)
        listed = dict((label, url) for url, label in links("\n".join(home)))
        for question, answer in zip(rest[::2], rest[1::2]):
            page = read(self.out, listed[question]).splitlines()
            self.assertEqual(page[:4], ["# " + question, "", answer, ""])
            self.assertIn("## " + question, details)
            self.assertIn(answer, details)

    def test_links(self):
        home = links(read(self.out, "index.gmi"))
        self.assertEqual(home[-4:], [
            ["details.gmi", "Article, in full"],
            ["/ask", "Search these pages"],
            ["/capsule.gpub", "All pages as a book (Gempub)"],
            ["/capsule.tar.gz", "All pages as an archive (tar.gz)"]])
        pages = home[:-4]
        self.assertEqual([label for _, label in pages], paragraphs()[1::2])
        for i, (url, _) in enumerate(pages):
            self.assertEqual(footer(read(self.out, url)),
                             wanted_footer(pages, i))
        index = links(read(self.out, "qa", "index.gmi"))
        self.assertEqual(
            index[:-2], [[os.path.basename(url), label]
                         for url, label in pages])

    def test_metadata(self):
        """The contents of a book are the links of its index page."""
        lead = paragraphs()[0]
        self.assertEqual(read(self.out, "metadata.txt").splitlines(), [
            "title: Article", "gpubVersion: 1.0.0", "index: qa/index.gmi",
            "charset: UTF-8",
            "description: " + lead.partition(". ")[0] + "."])

    def test_robots(self):
        self.assertEqual(read(self.out, "robots.txt"),
                         "User-agent: *\nDisallow:\n")


class Shipped(unittest.TestCase):
    def test_words(self):
        lead, *rest = paragraphs()
        home = read(SHIPPED, "index.gmi")
        details = read(SHIPPED, "details.gmi").splitlines()
        self.assertIn(lead, home.splitlines())
        self.assertIn(lead, details)
        self.assertIn(["details.gmi", "Show details"], links(home))
        pages = [link for link in links(home) if link[0].startswith("qa/")]
        self.assertEqual([label for _, label in pages], rest[::2])
        for i, (question, answer) in enumerate(zip(rest[::2], rest[1::2])):
            page = read(SHIPPED, pages[i][0])
            self.assertTrue(page.startswith(f"# {question}\n\n{answer}\n\n"))
            self.assertEqual(footer(page), wanted_footer(pages, i))
            self.assertIn("## " + question, details)
            self.assertIn(answer, details)

    def test_names(self):
        """A page has one name, and no two pages have the same."""
        titles = {}
        for name in files(SHIPPED):
            if name.endswith(".gmi"):
                title = read(SHIPPED, name).splitlines()[0][2:]
                self.assertNotIn(title, titles.values())
                titles[name] = title
        for name in titles:
            for url, label in links(read(SHIPPED, name)):
                target = os.path.normpath(os.path.join(
                    os.path.dirname(name), url,
                    "index.gmi" if url.endswith("/") else ""))
                if target in titles and label != "Home":
                    self.assertEqual(re.sub("^(Next|Previous): ", "", label),
                                     titles[target])

    def test_about(self):
        about = read(SHIPPED, "index.gmi").partition("\n## About")[2]
        self.assertIn("kept here word for word. It named no author and no "
                      "date, so neither do we.\n", about)
        for path in "/manifest", "/addresses":
            self.assertIn(path, [url for url, _ in links(about)])

    def test_links_lead_somewhere(self):
        for name in files(SHIPPED):
            if not name.endswith(".gmi"):
                continue
            for url, _ in links(read(SHIPPED, name)):
                if ":" in url or url.startswith("/"):
                    continue
                target = os.path.normpath(
                    os.path.join(SHIPPED, os.path.dirname(name), url))
                self.assertTrue(os.path.exists(target), (name, url))


class Titles(Import):
    def test_given(self):
        self.made(SMALL, "--title", "  A fitting title ")
        self.assertTrue(read(self.out, "index.gmi").startswith(
            "# A fitting title\n\nLead.\n"))
        self.assertTrue(read(self.out, "details.gmi").startswith(
            "# A fitting title, in full\n"))

    def test_of_the_file(self):
        for name, want in [
                ("my-first_text.v2.txt", "My first text.v2"),
                (".txt", ".txt"), ("plain", "Plain"),
                ("\u00e9t\u00e9.txt", "\u00e9t\u00e9"),
                ("a\nb.txt", "Questions and answers")]:
            text = os.path.join(self.top, name)
            shutil.copy(ARTICLE, text)
            out = os.path.join(self.top, "out of " + want)
            done = self.run_import(text, out)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(
                read(out, "index.gmi").splitlines()[0], "# " + want)

    def test_of_the_text(self):
        stderr = self.made("A title of its own\n\n" + SMALL)
        self.assertEqual(stderr, "")
        self.assertTrue(read(self.out, "index.gmi").startswith(
            "# A title of its own\n\nLead.\n"))
        self.assertTrue(read(self.out, "metadata.txt").startswith(
            "title: A title of its own\n"))

    def test_of_the_text_with_a_mark(self):
        self.made("# A title\n\n" + SMALL)
        self.assertTrue(read(self.out, "index.gmi").startswith(
            "# A title\n\nLead.\n"))

    def test_two(self):
        for title, said in [
                ("Mine", f"capsule import: {self.text}:1: left out: Its own\n"),
                ("Its own", "")]:
            self.out = os.path.join(self.top, title)
            self.assertEqual(
                self.made("Its own\n\n" + SMALL, "--title", title), said)
            self.assertTrue(read(self.out, "index.gmi").startswith(
                f"# {title}\n\nLead.\n"))

    def test_refused(self):
        self.write(SMALL)
        for title in ["", " ", "a\nb", "a\x1b[2J", b"a\xff", "x" * 501]:
            self.refused("--title", title, self.text, self.out, status=2,
                         says="--title: ")


class Metadata(Import):
    def fields(self):
        return dict(line.split(": ", 1)
                    for line in read(self.out, "metadata.txt").splitlines())

    def test_language(self):
        self.made(SMALL, "--lang", "pt-BR")
        self.assertEqual(self.fields()["language"], "pt-BR")

    def test_language_refused(self):
        self.write(SMALL)
        for tag in ["", "en us", "en\nx: y", "\u00e9", "x" * 36, "english"]:
            self.refused("--lang", tag, self.text, self.out, status=2,
                         says="--lang: ")

    def test_description(self):
        for name, lead, want in [
                ("short", "A 3.5 lead. And more.", "A 3.5 lead. And more."),
                ("sentences", "One. " * 50, ("One. " * 40)[:-1]),
                ("words", "word " * 50 + ".", ("word " * 40)[:-1] + "\u2026"),
                ("no spaces", "\u4e1c" * 90 + ".", "\u4e1c" * 66 + "\u2026")]:
            self.out = os.path.join(self.top, name)
            self.made(lead + "\n\nWhy?\n\nSo.\n")
            self.assertEqual(self.fields()["description"], want)

    def test_contents_of_a_book(self):
        """Every link of the index page leads to a file."""
        for name, text in [("questions", SMALL), ("none", "Lead.\n")]:
            self.out = os.path.join(self.top, name)
            self.made(text)
            index = self.fields()["index"]
            for url, _ in links(read(self.out, index)):
                self.assertFalse(url.startswith("/"))
                self.assertTrue(os.path.exists(os.path.join(
                    self.out, os.path.dirname(index), url)))


class NoQuestions(Import):
    def test_headings_and_paragraphs(self):
        self.assertEqual(self.made(
            "A title\n\nA lead,\nwrapped.\n\nA part\n\nIts text.\n\n"
            "## Another\n\n=> x y.\n\nMore.\n"), "")
        self.assertEqual(read(self.out, "details.gmi"), (
            "# A title, in full\n\nA lead, wrapped.\n\n## A part\n\n"
            "Its text.\n\n## Another\n\n => x y.\n\nMore.\n\n=> ./ Home\n"))
        self.assertTrue(read(self.out, "index.gmi").startswith(
            "# A title\n\nA lead, wrapped.\n\n"
            "=> details.gmi A title, in full\n"))
        self.assertEqual(files(self.out), [
            "details.gmi", "index.gmi", "metadata.txt", "robots.txt"])

    def test_lists(self):
        self.made("A title\n\nA lead.\n\n* one\n* two, in\n\n- three\n\nEnd.\n")
        self.assertEqual(read(self.out, "details.gmi"), (
            "# A title, in full\n\nA lead.\n\n* one\n\n* two, in\n\n- three\n\n"
            "End.\n\n=> ./ Home\n"))

    def test_one_line(self):
        self.made("Hello, world\n")
        self.assertTrue(read(self.out, "index.gmi").startswith(
            "# A text\n\nHello, world\n\n"))


class EveryWord(Import):
    """All of a text is on details.gmi, or reported as left out."""

    def words_of(self, stderr):
        words = []
        for line in read(self.out, "details.gmi").splitlines():
            if line.startswith("# "):
                if line.endswith(", in full"):
                    line = line[2:-len(", in full")]
                if line == "A text":  # the name of the file
                    continue
            elif line.startswith("=> "):
                continue
            words += [word for word in line.split() if word != "##"]
        left_out = []
        for line in stderr.splitlines():
            head, _, text = line.partition(": left out: ")
            if text:
                left_out += text.split()
            else:
                self.assertIn("no answer follows", head)
        return words, left_out

    def test_random_texts(self):
        random = Random(1)
        for number in range(20):
            text = "".join(
                random.choice(["w", "Word", "\u00c9t\u00e9-"]) + str(i) +
                random.choice(["\n", "\n\n", " ", " ", " ", ".\n", ".\n\n",
                               "?\n", "?\n\n", ". ", "? ", "\r\n"])
                for i in range(random.randrange(1, 60)))
            with self.subTest(text=text):
                self.out = os.path.join(self.top, str(number))
                words, left_out = self.words_of(self.made(text))
                wanted = text.split()
                self.assertEqual(
                    [word for word in wanted if word not in left_out], words)
                self.assertEqual(
                    [word for word in wanted if word in left_out], left_out)


class Folders(Import):
    def setUp(self):
        super().setUp()
        self.write(SMALL)

    def test_empty(self):
        os.mkdir(self.out, 0o750)
        before = os.stat(self.out)
        self.made(SMALL)
        after = os.stat(self.out)
        self.assertEqual(before.st_ino, after.st_ino)
        self.assertEqual(before.st_mode, after.st_mode)
        self.assertIn("index.gmi", os.listdir(self.out))

    def test_here(self):
        os.mkdir(self.out)
        done = self.run_import(self.text, ".", cwd=self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("./index.gmi\n", done.stdout)
        self.assertEqual(len(files(self.out)), 6)

    def test_slashes_and_links(self):
        os.mkdir(self.out)
        os.symlink("out", os.path.join(self.top, "link"))
        done = self.run_import(self.text, "link//")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("link/index.gmi\n", done.stdout)
        self.assertEqual(len(files(self.out)), 6)
        done = self.run_import(self.text, "new//")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(files(os.path.join(self.top, "new"))), 6)

    def test_modes(self):
        self.made(SMALL)
        mask = os.umask(0)
        os.umask(mask)
        for name, want in [("", 0o777), ("qa", 0o777), ("index.gmi", 0o666),
                           ("qa/why.gmi", 0o666)]:
            mode = os.stat(os.path.join(self.out, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), want & ~mask)

    def test_not_empty(self):
        for name in ["index.gmi", ".hidden", "qa"]:
            with self.subTest(name):
                out = os.path.join(self.top, "has-" + name)
                os.mkdir(out)
                with open(os.path.join(out, name), "w") as file:
                    file.write("mine")
                self.refused(self.text, out, says=out + ": is not empty")
                self.assertEqual(read(out, name), "mine")

    def test_a_file(self):
        with open(self.out, "w") as file:
            file.write("mine")
        self.refused(self.text, self.out, says=self.out + ": ")
        self.assertEqual(read(self.out), "mine")

    def test_dangling_link(self):
        os.symlink("nowhere", self.out)
        self.refused(self.text, self.out, says=self.out + ": ")
        self.assertTrue(os.path.islink(self.out))

    def test_no_parent(self):
        out = os.path.join(self.top, "a", "b")
        self.refused(self.text, out, says=out + ": cannot be made")

    def test_root(self):
        self.refused(self.text, "///", says="/: is not empty")

    def unprivileged(self):
        """Options that take root's rights, and a program to run then."""
        if os.geteuid() != 0:
            return {}
        os.chmod(self.top, 0o755)
        program = os.path.join(self.top, "program")
        shutil.copy(CAPSULE, program)
        os.chmod(program, 0o755)
        return {"program": program, "user": 65534, "group": 65534,
                "extra_groups": []}

    def test_read_only_parent(self):
        options = self.unprivileged()
        parent = os.path.join(self.top, "closed")
        os.mkdir(parent)
        there = os.path.join(parent, "there")
        os.mkdir(there)
        os.chmod(there, 0o777)
        os.chmod(parent, 0o555)
        self.addCleanup(os.chmod, parent, 0o755)
        out = os.path.join(parent, "out")
        self.refused(self.text, out, says=out + ": cannot be made",
                     **options)
        done = self.run_import(self.text, there, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(files(there)), 6)

    def test_unreadable_article(self):
        options = self.unprivileged()
        os.chmod(self.top, 0o777)
        os.chmod(self.text, 0)
        self.refused(self.text, self.out, says=self.text + ": ", **options)

    def test_full(self):
        """The system takes only so many bytes a file, on each page in turn."""
        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        long = 300 * "x" + ".\n\n"
        for limit, text in [
                (10, SMALL),  # the first page
                (200, "Why?\n\nSo.\n\nHow?\n\n" + long),  # the second
                (200, long + SMALL)]:  # a later one
            self.write(text)
            # SIGXFSZ stays ignored, so that the write fails instead.
            self.refused(self.text, self.out, says=self.out + ": ",
                         preexec_fn=limited, restore_signals=False)
            os.mkdir(self.out)
            self.refused(self.text, self.out, says=self.out + ": ",
                         preexec_fn=limited, restore_signals=False)
            os.rmdir(self.out)

    def test_output_closed(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [CAPSULE, "import", self.text, self.out], stdout=full,
                stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)


class Texts(Import):
    def test_refused(self):
        for text, says in [
                ("", "is empty"), ("\n\n \n", "is empty"),
                (b"\xef\xbb\xbf", "is empty"),
                ("Why?\n\nS\u00f6.\n".encode("latin-1"), ":3: is not UTF-8"),
                (SMALL.encode("utf-16"), ":1: is not UTF-8"),
                ("Why?\n\n\x1b]0;x\x07.\n", ":3: contains a control"),
                (b"Why?\n\n\0.\n", ":3: contains a control"),
                (SMALL + "x" * (16 << 20), "is larger than 16 MiB"),
                ("Q?\nA.\n" * 10001, "has more than 10000 questions")]:
            with self.subTest(says):
                self.write(text)
                self.refused(self.text, self.out, says=self.text)
                self.refused(self.text, self.out, says=says)

    def test_no_file(self):
        for name in ["missing.txt", ".", "/dev/zero"]:
            self.refused(name, self.out, says=name + ": ")

    def test_usage(self):
        self.write(SMALL)
        for arguments in [[], [self.text], [self.text, ""],
                          [self.text, self.out, "more"],
                          ["--title", "x", self.text],
                          ["--color", self.text, self.out],
                          [self.text, self.out, "--title"]]:
            self.refused(*arguments, status=2,
                         says="see capsule import --help")

    def test_line_ends(self):
        stderr = self.made(b"\xef\xbb\xbf7 online\r\n\r\nLead.\r\n\r\n"
                           b"Why?\r\n\r\nSo.\r\n")
        self.assertIn(":1: left out: 7 online\n", stderr)
        for name in files(self.out):
            text = read(self.out, name)
            self.assertNotIn("\r", text)
            self.assertNotIn("\ufeff", text)
            self.assertTrue(text.endswith("\n"))

    def test_wrapped(self):
        self.made("A lead that was wrapped by somebody's editor goes on\n"
                  "in the next line.\n\nWhy was this text\nwrapped?\n\nSo.\n")
        self.assertIn("\nA lead that was wrapped by somebody's editor goes "
                      "on in the next line.\n", read(self.out, "index.gmi"))
        self.assertTrue(read(self.out, "qa", "why-was-this-text-wrapped.gmi")
                        .startswith("# Why was this text wrapped?\n\nSo.\n"))

    def test_markers(self):
        marked = ["=> gemini://example.org/ a link.", "# A heading.",
                  "* An item.", "> A quote.", "```", "### Deep."]
        stderr = self.made(
            "\n\n".join(marked) + "\n\n=> Why?\n\n" + "\n\n".join(marked))
        self.assertIn(":9: left out: ```\n", stderr)
        marked.remove("```")
        why = read(self.out, "qa", "why.gmi")
        self.assertEqual(why.splitlines()[0], "# => Why?")
        for page in (why, read(self.out, "index.gmi"),
                     read(self.out, "details.gmi")):
            for text in marked:
                kept = text.startswith("* ")  # as an item of a list
                self.assertEqual("\n" + text + "\n" in page, kept)
                self.assertEqual("\n " + text + "\n" in page, not kept)

    def test_toggle(self):
        self.made("Why?\n\n```c is a language.\n")
        self.assertIn("\n ```c is a language.\n",
                      read(self.out, "qa", "why.gmi"))

    def test_same_names(self):
        self.made("Why?\n\nOne.\n\nWHY?\n\nTwo.\n\nIndex?\n\nThree.\n\n"
                  "\u041f\u043e\u0447\u0435\u043c\u0443?\n\nFour.\n")
        self.assertEqual(sorted(os.listdir(os.path.join(self.out, "qa"))), [
            "index-3.gmi", "index.gmi", "question.gmi", "why-2.gmi",
            "why.gmi"])
        self.assertIn("One.", read(self.out, "qa", "why.gmi"))
        self.assertIn("Two.", read(self.out, "qa", "why-2.gmi"))

    def test_no_answer(self):
        stderr = self.made("Why?\n\nHow?\n\nSo.\n")
        self.assertEqual(stderr, f"capsule import: {self.text}:1: "
                                 "no answer follows this question\n")

    def test_many(self):
        self.made("".join(f"What is {i}?\n\nIt is {i}.\n\n"
                          for i in range(200)))
        self.assertEqual(len(files(self.out)), 205)
        self.assertIn("\nIt is 199.\n",
                      read(self.out, "qa", "what-is-199.gmi"))
        self.assertEqual(len(links(read(self.out, "index.gmi"))), 204)


class Program(unittest.TestCase):
    def run_capsule(self, *arguments):
        return subprocess.run([CAPSULE, *arguments], capture_output=True,
                              text=True, timeout=60)

    def test_help(self):
        for arguments in [["--help"], ["import", "--help"], ["import", "-h"]]:
            done = self.run_capsule(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, r"\Ausage: capsule ")
            self.assertIn("capsule import [--title TITLE] [--lang TAG] ARTICLE DIR\n",
                          done.stdout)

    def test_help_fits_a_terminal(self):
        verbs = ["check", "import", "mirror", "pack", "show", "sign"]
        for arguments in [[], *([verb] for verb in verbs)]:
            with self.subTest(arguments=arguments):
                done = self.run_capsule(*arguments, "--help")
                self.assertEqual(done.returncode, 0)
                self.assertLessEqual(
                    max(map(len, done.stdout.splitlines())), 80)

    def test_errors_name_their_verb(self):
        """And what to do, in one line."""
        for arguments, says in [
                (["check", ".", "."], "name one folder; see capsule check --help"),
                (["check", "-o", "x", "."], "not KEY=VALUE: x; see"),
                (["check", "-o", "width=1", "."], "-o width: "),
                (["check", "/none"], "/none: cannot be opened"),
                (["import", "--none"], "unknown option"),
                (["import", "/none", "/none/x"], "/none: No such file"),
                (["mirror", "-j"], "missing value: -j; see"),
                (["mirror", "gemini://x/", ""], "name a URL and a folder"),
                (["pack", ".", "x.rar"], "x.rar; see capsule pack --help"),
                (["pack", "/none", "/none.zip"], "/none: cannot be opened"),
                (["pack", "-c", "/none", ".", "x.zip"], "/none: "),
                (["show", "-d", "/none", "/"], "/none: cannot be opened"),
                (["show", "/none", "/"], "/none: cannot be opened"),
                (["show", "", "/"], "the name of the folder is empty; see"),
                (["show"], "name one URL, with each space written as %20, or "),
                (["show", "/ask?a", "b"], "each space written as %20, or a "),
                (["show", "-d", "", "/"], "-d: capsule is empty"),
                (["show", "-c", "/none", "/"], "/none: "),
                (["sign"], "see capsule sign --help"),
                (["sign", "/none", "/none"], "/none: No such file")]:
            with self.subTest(arguments=arguments):
                done = self.run_capsule(*arguments)
                self.assertIn(done.returncode, (1, 2))
                self.assertRegex(done.stderr, r"\Acapsule %s: [^\n]*\n\Z"
                                 % arguments[0])
                self.assertIn(says, done.stderr)

    def test_version(self):
        done = self.run_capsule("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Acapsule \d+\.\d+\.\d+\n\Z")

    def test_unknown(self):
        for arguments in [[], ["explode"], ["--explode"], [""]]:
            done = self.run_capsule(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
