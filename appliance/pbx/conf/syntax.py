"""The one owner of Asterisk's syntax: every value that reaches a file of Asterisk's passes a function of this
module.

Called by the renderers of this package. Each kind of value has one function that escapes it or refuses it
with RejectedError; nothing here knows what a queue or a phone is. What people type (names, greetings) never
becomes dialplan at all: Asterisk gets ids and paths of sound files, so that dialplan arguments need no
escaping, only refusing.

How Asterisk reads a file (main/config.c): lines of at most 8,191 bytes, the rest of a longer one being read
as a new line; ";" begins a comment unless a backslash stands before it; "[" and "#" are special only at the
beginning of a line; blanks around a value are dropped.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from appliance.errors import RejectedError

# Well below the 8,192 bytes of config.c's buffer, and room for what the line holds beside the value.
MAX_VALUE_BYTES = 1024
# main/config.c: struct ast_category has char name[80], and ast_copy_string cuts what is longer.
_SECTION_NAME_MAX = 79
# include/asterisk/channel.h: AST_MAX_EXTENSION is 80 with its final NUL.
_PATTERN_MAX = 79
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", re.ASCII)
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\([A-Za-z]+\([A-Za-z]+\)\))?|[A-Z][A-Z_]*", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9_.-]{1,100}){1,20}", re.ASCII)
_FILE = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)*\.conf", re.ASCII)
_EXTENSION = re.compile(r"\+?[0-9*#]{1,40}", re.ASCII)
# A step of a flow by its id; one of its keys, what follows silence, an internal number (flow_contexts.py).
_STEP_NAME = re.compile(r"t[0-9]{1,6}(?:k[0-9*#]|n|d)?", re.ASCII)
# A pattern over digits: X is any digit, a set in brackets one of these, "!" anything that follows.
_PATTERN = re.compile(r"_(?:\+|\*{1,2})?(?:[0-9X]|\[[0-9-]{2,12}\]){1,30}!?", re.ASCII)
_APPLICATION = re.compile(r"[A-Z][A-Za-z]{1,39}", re.ASCII)
# Brackets only around an IPv6 address, as `authority` writes it.
_ARGUMENT = re.compile(r"[A-Za-z0-9_./+*#=:@-]{0,255}|\[[0-9a-f:.]{2,45}\]:[0-9]{1,5}", re.ASCII)
# pjsip_configuration.c refuses an "@" in from_user; the rest is what needs no escape in a URI (RFC 3261
# 25.1).
_USER = re.compile(r"[A-Za-z0-9._+-]{1,64}", re.ASCII)
_HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)
# Unicode categories a phone may show in a name: letters, marks, decimal digits and the plain space.
_NAME_CATEGORIES = ("L", "M", "Nd", "Zs")
_NAME_PUNCTUATION = frozenset("'.&-")
_MAX_CALLER_NAME = 40


def value(text: str) -> str:
    """A value after "key = ", with ";" escaped.

    Refused: control characters (a line break would begin a new line of the file), more than 1,024 bytes,
    bytes that are not text, and blanks at the ends, which Asterisk would silently drop.
    """
    # What is printable holds none of them: most values need no look at each character.
    if not text.isprintable() and any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text
    ):
        raise RejectedError(
            "A setting of the telephone service may not hold control characters or line breaks."
        )
    if len(text.encode()) > MAX_VALUE_BYTES:
        raise RejectedError("A setting of the telephone service is too long.")
    # ast_strip() drops every byte up to 0x20; other Unicode blanks survive.
    if text != text.strip(" "):
        raise RejectedError("A setting of the telephone service may not begin or end with a blank.")
    return text.replace(";", r"\;")


def identifier(text: str) -> str:
    """The name of a section, context, queue, class or variable of ours: lower-case ASCII, such as
    "foyer-in-l1".
    """
    if len(text) > 79 or not _IDENTIFIER.fullmatch(text):  # AST_MAX_CONTEXT is 80 with its final NUL
        raise RejectedError("A name made for the telephone service is not a plain identifier.")
    return text


def section_name(text: str) -> str:
    """The name between brackets: an identifier, or the absolute path of a file (cel_custom.conf names its
    files so). A longer one than Asterisk keeps is refused: it would write to another file, without a word.
    """
    if len(text) > _SECTION_NAME_MAX:
        raise RejectedError(
            "The telephone service cannot keep its files in a folder with so long a path.",
            "Use a shorter path for the data.",
        )
    return path(text) if text.startswith("/") else identifier(text)


def path(text: str) -> str:
    """An absolute path of plain ASCII names without "." and ".."."""
    if not _PATH.fullmatch(text) or any(part in (".", "..") for part in text.split("/")):
        raise RejectedError("A file or folder of the telephone service has a name that is not plain.")
    return text


def key(text: str) -> str:
    """The left side of a setting: an option, manager.conf's `eventfilter(name(Event))`, or a global
    variable.
    """
    if len(text) > 80 or not _KEY.fullmatch(text):
        raise RejectedError("An option of the telephone service is not a plain word.")
    return text


def extension(text: str) -> str:
    """A literal extension: an optional plus sign and 1 to 40 digits, stars and hashes. Never a pattern."""
    if not _EXTENSION.fullmatch(text):
        raise RejectedError("A number may hold only digits, *, # and a plus sign in front.")
    return text


def step_name(text: str) -> str:
    """The extension of a step of a flow. Never a number, and never a pattern."""
    if not _STEP_NAME.fullmatch(text):
        raise RejectedError("This step does not exist.")
    return text


def choice(text: str, choices: Collection[str]) -> str:
    """A word of Asterisk's own. Of any other it tells only its log, and goes on with the usual one."""
    if text not in choices:
        raise RejectedError("This is not one of the choices.")
    return text


def pattern(text: str) -> str:
    """A pattern of an extension, as number_plan.py makes them, with the underscore in front."""
    if len(text) > _PATTERN_MAX or not _PATTERN.fullmatch(text):
        raise RejectedError("This is not a pattern of numbers.")
    return text


def argument(text: str) -> str:
    """One argument of a dialplan application: ids, numbers and paths.

    Everything that means something to the dialplan (comma, parentheses, $, {, }, [, ], quotes, backslash,
    blank, ;, &, ^, |) is refused, not escaped: no such value is ever needed.
    """
    if not _ARGUMENT.fullmatch(text):
        raise RejectedError("This text holds a character that is not allowed there.")
    return text


def caller_name(text: str) -> str:
    """`text` as a phone may show it: letters, digits, blanks and '.&- of any script, at most 40 characters.

    Everything else becomes a blank, so that quotes, brackets, `${}` and direction marks never reach a header.
    The result may be empty.
    """
    kept = "".join(
        character
        if character in _NAME_PUNCTUATION or unicodedata.category(character).startswith(_NAME_CATEGORIES)
        else " "
        for character in unicodedata.normalize("NFC", text)
    )
    return " ".join(kept.split())[:_MAX_CALLER_NAME].strip()


def caller_id(name: str, number: str) -> str:
    """`"name" <number>` as pjsip.conf's callerid wants it; without a name, only the number."""
    shown = caller_name(name)
    number = extension(number)
    return value(f'"{shown}" <{number}>' if shown else f"<{number}>")


def host(text: str) -> str:
    """A host name, an IPv4 address, or an IPv6 address without brackets."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    labels = text.removesuffix(".").split(".")
    if len(text) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise RejectedError("This is not a host name or an IP address.")
    return text.lower()


def uri_host(text: str) -> str:
    """`host(text)` as it stands in a SIP URI: an IPv6 address in brackets (RFC 3261 25.1)."""
    checked = host(text)
    return f"[{checked}]" if ":" in checked else checked


def sip_user(account: str) -> str:
    """The user part of the address that belongs to an account: "028" of "028" and of
    "028@voice.example.net".
    """
    user = account.partition("@")[0]
    if not _USER.fullmatch(user):
        raise RejectedError("This is not the user name of a phone line.")
    return user


def authority(server: str, port: int) -> str:
    """`host:port` as it stands in a SIP URI."""
    if not 0 < port < 65536:
        raise RejectedError("A port is a number from 1 to 65535.")
    return f"{uri_host(server)}:{port}"


def sip_uri(server: str, port: int, user: str = "") -> str:
    """`sip:user@host:port`, without the user part if there is no user."""
    place = authority(server, port)
    return f"sip:{sip_user(user)}@{place}" if user else f"sip:{place}"


@dataclass(frozen=True)
class Section:
    """One `[name]` with its settings in order; a key may come more than once (set_var, match,
    eventfilter).
    """

    name: str
    settings: Sequence[tuple[str, str | int | bool]]

    def lines(self) -> Iterable[str]:
        """The section's lines, every value checked."""
        yield f"[{section_name(self.name)}]"
        for name, setting in self.settings:
            yield f"{key(name)} = {_setting(setting)}".rstrip(" ")


@dataclass(frozen=True)
class Step:
    """`application(arguments)`, one step of a call."""

    application: str
    arguments: Sequence[str] = ()

    def text(self) -> str:
        """As it stands in extensions.conf."""
        if not _APPLICATION.fullmatch(self.application):
            raise RejectedError("This step does not exist.")
        return f"{self.application}({','.join(argument(item) for item in self.arguments)})"


@dataclass(frozen=True)
class Call:
    """`Gosub(context,s,1(arguments))`: one of the hand-written subroutines with plain values.

    With `number`, the dialled number, reduced to digits, *, # and +, is the last argument.
    """

    subroutine: str
    arguments: Sequence[str] = ()
    with_number: bool = False

    def text(self) -> str:
        """As it stands in extensions.conf."""
        arguments = [argument(item) for item in self.arguments]
        if self.with_number:
            # The only expression ever rendered: a caller's phone may send anything as the number.
            arguments.append("${FILTER(0-9*#+,${EXTEN})}")
        return f"Gosub({identifier(self.subroutine)},s,1({','.join(arguments)}))"


@dataclass(frozen=True)
class Extension:
    """What happens at one extension: a literal number, one of `PATTERNS`, a pattern over digits, or a step of
    a flow.
    """

    number: str
    steps: Sequence[Step | Call]

    def lines(self) -> Iterable[str]:
        """The extension's lines."""
        number = self.number
        if number.startswith("_") and number not in PATTERNS:
            number = pattern(number)
        elif number not in PATTERNS and not _STEP_NAME.fullmatch(number):
            number = extension(number)
        for index, step in enumerate(self.steps):
            yield f"exten = {number},1,{step.text()}" if index == 0 else f" same = n,{step.text()}"


# The patterns the renderers use, beside `s`, where subroutines begin. `!` matches anything that follows, even
# nothing.
ANY_NUMBER = "_X!"
ANY_INTERNATIONAL = "_+X!"
ANY_TEXT = ("_X!", "_+!", "_*!", "_#!")
"""Every text of digits, *, # and +."""
ANY_CODE = ("_*X!", "_**X!")
"""A star or two and digits, and anything that follows."""
ANY_TYPED = ("_X.", "_+X.")
"""A number of two or more digits that keys are collected for: until `#`, or a pause."""
START = "s"
PATTERNS = frozenset({ANY_NUMBER, ANY_INTERNATIONAL, START, *ANY_TEXT, *ANY_TYPED})


@dataclass(frozen=True)
class Context:
    """One context of the dialplan: its own extensions first, then the contexts it includes, in order."""

    name: str
    extensions: Sequence[Extension] = ()
    includes: Sequence[str] = ()

    def lines(self) -> Iterable[str]:
        """The context's lines; an extension given twice is refused, since Asterisk would mix their steps."""
        yield f"[{identifier(self.name)}]"
        numbers = [one.number for one in self.extensions]
        if len(set(numbers)) != len(numbers):
            raise RejectedError("A number is used twice in one place.")
        for one in self.extensions:
            yield from one.lines()
        for included in self.includes:
            yield f"include = {identifier(included)}"


@dataclass(frozen=True)
class Include:
    """`#include file`, a file of the same directory. The only directive there is."""

    file: str

    def lines(self) -> Iterable[str]:
        """The directive."""
        if not _FILE.fullmatch(self.file):
            raise RejectedError("This is not the name of a file of the telephone service.")
        yield f"#include {self.file}"


def document(file: str, parts: Iterable[Section | Context | Include]) -> str:
    """The whole text of `file`: a head line, then the parts with a blank line between."""
    if not _FILE.fullmatch(file):
        raise RejectedError("This is not the name of a file of the telephone service.")
    blocks = [[f"; {file}: written by Foyer for each revision of the site. Changes made here are lost."]]
    blocks.extend(list(part.lines()) for part in parts)
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _setting(setting: str | int | bool) -> str:
    if isinstance(setting, bool):
        return "yes" if setting else "no"
    return value(str(setting))
