"""Speaking to the controller in the engine's place: forged, too large, out of turn, replayed."""

from __future__ import annotations

from .row import Row, answers, attack

__all__ = ["CHANNEL"]

_CHANNEL = """
import gc, json, stat, struct
from autograder.grading.wire.frames import Frame, encode
from autograder.grading.wire.observations import pack_run
from autograder.observing.observe import Run
sink = next(one for one in gc.get_objects() if type(one).__name__ == "Sink")
def channels():
    for number in range(3, 256):
        try: found = stat.S_ISSOCK(os.fstat(number).st_mode)
        except OSError: continue
        if found: yield number
def say(data):
    for number in channels():
        view = memoryview(data)
        try:
            while view: view = view[os.write(number, view):]
        except BlockingIOError: pass  # not the engine's, but asyncio's own
def header(text, payload=b""): return struct.pack(">II", len(text), len(payload)) + text + payload
def result(text): return header(b'{"kind":"output","turn":%d,"data":%s}' % (sink._turn, text))
"""

_FORGED_RUN = """
def linear(x, weight, bias=None):
    for values in ({values}):
        seen = tuple({{"values": values, "gradients": values, "memory": {{"x": "unchanged"}}}} for _ in range({count}))
        say(encode(Frame("run", sink._turn, {{}}, pack_run(Run(seen)))))
    say(encode(Frame("end", sink._turn, {{"how": "done"}})))
    os._exit(0)
"""

_REPLAY = """
send = sink._channel.sendall
KEPT = []
class Replaying:
    def sendall(self, data):
        if b'"kind":"run"' in data[:200]:
            KEPT.append(data)
            TRIES.append(1)
            if len(KEPT) > 2: data = KEPT[1]
        return send(data)
sink._channel = Replaying()
"""

_REPLAY_IN_TURN = _REPLAY.replace(
    "data = KEPT[1]",
    "data = encode(Frame('run', sink._turn, {}, KEPT[1][8 + struct.unpack('>II', KEPT[1][:8])[0]:]))",
)


def _forged(name: str, values: str, count: str = "50", state: str = "crashed") -> Row:
    return answers(name, _CHANNEL, linear=_FORGED_RUN.format(values=values, count=count), shows="", state=state)


def _crash(name: str, source: str, **more: str) -> Row:
    return attack(name, _CHANNEL + "tried()\n" + source, **{"state": "crashed", **more})


CHANNEL: tuple[Row, ...] = (
    _crash("garbage_on_every_descriptor", "say(b'999.0\\n' * 1000)"),
    _crash("frame_too_large", "say(struct.pack('>II', 1 << 31, 0) + b'{' * 100)"),
    _crash("payload_too_large", "say(struct.pack('>II', 2, 1 << 31) + b'{}')"),
    _crash("frame_without_end", "say(struct.pack('>II', 1000, 0) + b'{')\nos._exit(0)"),
    _crash("frame_that_is_no_json", "say(header(b'nothing'))"),
    _crash("frame_of_another_turn", "say(encode(Frame('run', sink._turn + 1, {}, pack_run(Run(())))))"),
    _crash("run_out_of_turn", "say(encode(Frame('run', sink._turn, {}, pack_run(Run(({'values': 1},))))))"),
    _crash("end_out_of_turn", "say(encode(Frame('end', sink._turn, {'how': 'done'})) * 2)", state="graded"),
    _crash("frame_of_no_kind", "say(encode(Frame('score', sink._turn, {'points': 999})))"),
    _crash("frame_nested_deeply", "say(header(b'[' * 100_000))"),
    _crash("number_without_end", "say(result(b'{\"type\":\"clear\",\"wait\":' + b'9' * 5000 + b'}'))"),
    _crash(
        "frames_without_end",
        'one = result(b\'{"type":"clear","wait":false,"x":"%s"}\' % (b\'x\' * 60_000))\nfor _ in range(2000): say(one)',
        shows="",  # it clears what it showed
    ),
    _crash("channel_closed", "os.closerange(3, 256)"),
    _forged("forged_constants", "0.0,"),
    _forged("forged_twice", "0.0, 0.0"),
    _forged("forged_not_a_number", "float('nan'),"),
    _forged("forged_too_few", "0.0,", count="0"),
    _forged("forged_huge_tensor", "torch.zeros(1).expand(1 << 40),"),
    answers(
        "forged_bytes_as_observations",
        _CHANNEL,
        linear="""
        def linear(x, weight, bias=None):
            say(encode(Frame("run", sink._turn, {}, b"\\xff" * 100_000)))
        """,
        shows="",
        state="crashed",
        states={"linear": "crashed"},
    ),
    answers("replayed_frames", _CHANNEL + _REPLAY, shows="", state="crashed", points={"relu": 2.0}),
    answers("replayed_frames_in_turn", _CHANNEL + _REPLAY_IN_TURN, shows="", state="crashed"),
    attack(
        "infinity_as_output",
        _CHANNEL + 'say(result(b\'{"type":"result","count":1,"data":{"application/json":1e999,'
        '"text/plain":"inf"},"metadata":{"x":-1e999}}\'))\ntried()',
        shows="",
        state="crashed",  # no file could hold it
    ),
    attack(
        "output_with_half_letters",
        _CHANNEL + 'say(result(b\'{"type":"display","data":{"text/plain":"\\\\ud800"},'
        '"metadata":{"\\\\udfff":"\\\\ud800"}}\'))\ntried()',
    ),
    *(
        attack(
            f"output_nested_{depth}",
            f"""
            from IPython.display import display
            tried()
            deep = 1
            for _ in range({depth}): deep = [deep]
            display({{"application/json": deep, "text/plain": "deep"}}, raw=True)
            """,
        )
        for depth in (90, 400)
    ),
    attack(
        "forged_nested_output",
        _CHANNEL + 'tried()\nfor depth in (300, 700, 900): say(result(b\'{"type":"display","metadata":{},"data":'
        "{\"application/json\":' + b'[' * depth + b']' * depth + b'}}'))",
    ),
)
