"""Each kind of value is escaped or refused; what is refused says so with RejectedError."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.pbx.conf import syntax
from appliance.pbx.conf.syntax import Call, Context, Extension, Include, Section, Step, document

CODE = "a\nexten => s,1,System(x)"


@pytest.mark.parametrize(
    ("text", "written"),
    [("x", "x"), ("a;b", r"a\;b"), ("\\;", "\\\\;"), ("[x]", "[x]"), ("=>", "=>"), ("'\"", "'\""), ("", "")],
)
def test_value(text: str, written: str) -> None:
    assert syntax.value(text) == written


@pytest.mark.parametrize(
    "text", [CODE, "a\rb", "a\0", " a", "a ", "x" * 1025, "ă" * 600, "a\u2028b", "\ud800"]
)
def test_value_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        syntax.value(text)


@pytest.mark.parametrize(
    "text", [CODE, "", "a,b", "a)", "${X}", "$[1]", 'a"b', "a\\b", "a b", "a;b", "a&b", "a^b", "a|b", "ă"]
)
def test_argument_refused(text: str) -> None:
    if text:
        with pytest.raises(RejectedError):
            syntax.argument(text)
    else:
        assert syntax.argument(text) == ""


@pytest.mark.parametrize("text", ["", "_X.", "s", "i", "h", "+", "1,2", "1;", CODE, "١٢", "1" * 41])
def test_extension_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        syntax.extension(text)


@pytest.mark.parametrize("text", ["", "A", "a b", "-a", "a-", "a\n", "x" * 80, "a]"])
def test_identifier_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        syntax.identifier(text)


def test_a_file_s_path_that_asterisk_would_cut_is_refused() -> None:
    longest = "/" + "a" * 50 + "/" + "b" * 27
    assert syntax.section_name(longest) == longest
    with pytest.raises(RejectedError):
        syntax.section_name(longest + "b")


@pytest.mark.parametrize("text", ["etc", "/a/../b", "/a b", "/", "/a\n", "/a,b", ""])
def test_path_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        syntax.path(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Trần Thị Hoa", "Trần Thị Hoa"),
        ('x" <sip:evil>;a', "x sip evil a"),
        ("${SHELL(id)}", "SHELL id"),
        ("O'Neil & Sons, Jr.", "O'Neil & Sons Jr."),
        ("\u202eabc\u200f", "abc"),
        ("\u0627\u0644\u0633\u0644\u0627\u0645", "\u0627\u0644\u0633\u0644\u0627\u0645"),
        (CODE, "a exten s 1 System x"),
        ("😀;", ""),
        ("x" * 100, "x" * 40),
    ],
)
def test_caller_name(text: str, shown: str) -> None:
    assert syntax.caller_name(text) == shown


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Voice.Example.net", "voice.example.net"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::7", "[2001:db8::7]"),
    ],
)
def test_uri_host(text: str, written: str) -> None:
    assert syntax.uri_host(text) == written


@pytest.mark.parametrize(
    "text", ["", "a b", "a,b", "300.1.1.1", "-a.net", "a..b", "a;b", "a\nb", "x" * 300, "[::1]"]
)
def test_host_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        syntax.host(text)


def test_sip_uri() -> None:
    assert syntax.sip_uri("::1", 5060) == "sip:[::1]:5060"
    assert syntax.sip_uri("a.net", 5070, "028") == "sip:028@a.net:5070"
    assert syntax.sip_uri("a.net", 5070, "u+1.x@b.net") == "sip:u+1.x@a.net:5070"
    for server, port, user in (("a.net", 0, ""), ("a b", 1, ""), ("a.net", 1, "a;b"), ("a.net", 1, "@b")):
        with pytest.raises(RejectedError):
            syntax.sip_uri(server, port, user)


def test_a_document_is_what_was_put_in() -> None:
    assert document(
        "x.conf",
        (
            Section("one", (("a", "x;y"), ("b", True), ("c", 3), ("eventfilter(name(Hangup))", ""))),
            Include("foyer-call.conf"),
            Context(
                "two", (Extension("_X!", (Call("sub", ("q1",), with_number=True), Step("Hangup"))),), ("one",)
            ),
        ),
    ) == (
        "; x.conf: written by Foyer for each revision of the site. Changes made here are lost.\n\n"
        "[one]\na = x\\;y\nb = yes\nc = 3\neventfilter(name(Hangup)) =\n\n"
        "#include foyer-call.conf\n\n"
        "[two]\nexten = _X!,1,Gosub(sub,s,1(q1,${FILTER(0-9*#+,${EXTEN})}))\n same = n,Hangup()\n"
        "include = one\n"
    )


def test_one_extension_twice_is_refused() -> None:
    twice = Context("a", (Extension("1", (Step("Hangup"),)), Extension("1", (Step("Answer"),))))
    with pytest.raises(RejectedError):
        list(twice.lines())


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_nothing_makes_a_second_line(name: str, key: str, value: str) -> None:
    """Whatever comes in, a section is refused or has exactly its two lines, and the value reads back."""
    try:
        lines = list(Section(name, ((key, value),)).lines())
        text = document("x.conf", (Section(name, ((key, value),)),))
    except RejectedError:
        return
    assert len(lines) == 2 and len(text.splitlines()) == 4
    assert lines[0] == f"[{name}]" and lines[1].replace("\\;", ";") == f"{key} = {value}".rstrip()


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=4))
def test_nothing_leaves_its_argument(application: str, arguments: list[str]) -> None:
    try:
        text = Step(application, arguments).text()
    except RejectedError:
        return
    assert text == f"{application}({','.join(arguments)})"
    assert text.count("(") == text.count(")") == 1 and text.count(",") == max(0, len(arguments) - 1)
    assert "$" not in text and "\n" not in text
