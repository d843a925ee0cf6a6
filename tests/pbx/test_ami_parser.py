"""The manager interface's bytes: every chunking gives the same messages, and no value can change the
framing.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.pbx import ami_parser
from appliance.pbx.ami_parser import Message, Parser, ProtocolError, message_of
from appliance.pbx.ami_wire import encode
from tests.pbx_conf.nasty import nasty

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
CALL = (
    b"Event: Newchannel\r\nChannel: PJSIP/l1-00000001\r\nCallerIDName: status will follow\r\n"
    b"ChanVariable: FOYER_CALL=6f1c=x\r\nChanVariable: FOYER_LINE=l1\r\n"
    b"DestChanVariable: FOYER_CALL=other\r\n\r\n"
)
OUTPUT = (
    b"Response: Success\r\nActionID: t-1\r\nMessage: Command output follows\r\n"
    b"Output: first: line\r\nOutput: \r\nOutput: --END COMMAND--\r\n\r\n"
)


def fed(data: bytes, size: int) -> list[Message]:
    """What a parser makes of the bytes in chunks of this size."""
    parser = Parser()
    messages: list[Message] = []
    for at in range(0, len(data), size):
        messages += parser.feed(data[at : at + size])
    return messages


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 100_000])
def test_any_chunking_gives_the_same_messages_in_order(size: int) -> None:
    call, output, last = fed(GREETING + CALL + OUTPUT + b"Event: Hangup\r\n\r\n", size)
    assert call.event == "Newchannel"
    assert call.get("CallerIDName") == "status will follow"
    assert call.variables() == {"FOYER_CALL": "6f1c=x", "FOYER_LINE": "l1"}
    assert call.variables("Dest") == {"FOYER_CALL": "other"}
    assert (output.response, output.action_id) == ("Success", "t-1")
    assert output.output() == "first: line\n\n--END COMMAND--"
    assert last.event == "Hangup"


def test_a_header_sent_once_is_a_list_of_one() -> None:
    message = message_of([("Output", "one")])
    assert message.all("Output") == ("one",)
    assert message.all("Nothing") == ()
    assert message_of([("Output", "one"), ("Output", "two"), ("Output", "three")]).all("Output") == (
        "one",
        "two",
        "three",
    )


def test_bytes_that_are_not_text_do_not_stop_the_reading() -> None:
    first, second = fed(
        GREETING + b"Event: A\r\nCallerIDName: \xff\xfe\r\nno colon\r\n\r\nEvent: B\r\n\r\n", 4
    )
    assert first.get("CallerIDName") == "\ufffd\ufffd"
    assert second.event == "B"


def test_a_stranger_on_the_port_is_refused() -> None:
    with pytest.raises(ProtocolError):
        Parser().feed(b"SSH-2.0-OpenSSH_10.0\r\n")
    with pytest.raises(ProtocolError):
        Parser().feed(b"x" * 10_000)


def test_a_message_without_an_end_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami_parser, "MAX_MESSAGE_BYTES", 1000)
    parser = Parser()
    parser.feed(GREETING + b"Event: A\r\n")
    with pytest.raises(ProtocolError):
        for _ in range(100):
            parser.feed(b"Value: xxxxxxxxxxxxxxxxxxxxxxxx\r\n")


NAMES = st.from_regex(r"[A-Z][A-Za-z]{0,9}", fullmatch=True)
VALUES = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=40)


@given(st.lists(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=6), max_size=6), st.integers(1, 40))
def test_any_values_survive_any_chunking(messages: list[list[tuple[str, str]]], size: int) -> None:
    wire = "".join("".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n" for pairs in messages)
    assert fed(GREETING + wire.encode(), size) == [message_of(pairs) for pairs in messages]


@given(st.lists(nasty, min_size=1, max_size=4), st.integers(1, 40))
def test_whatever_is_typed_is_the_value_of_one_header_or_refused(texts: list[str], size: int) -> None:
    """Read back by whoever reads it: an action is exactly the headers that were meant."""
    first, *more = texts
    try:
        sent = encode({"Action": "Originate", "CallerID": first, "Variable": more}, "7")
    except RejectedError:
        return
    meant = [("Action", "Originate"), ("CallerID", first), *(("Variable", text) for text in more)]
    assert sent.decode() == "".join(f"{n}: {v}\r\n" for n, v in [*meant, ("ActionID", "7")]) + "\r\n"
    assert sent.count(b"\n") == len(meant) + 2 and b"\0" not in sent
    assert fed(GREETING + sent, size) == [message_of([*meant, ("ActionID", "7")])]
