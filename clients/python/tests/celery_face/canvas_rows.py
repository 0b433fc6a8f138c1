"""The rows of the table that call canvases."""
import json
from uuid import uuid4

from celery import chain, chord, group, signature
from celery.canvas import Signature, maybe_signature
from celery.exceptions import ChordError
from celery.result import AsyncResult, GroupResult

import canvas_tasks as c
import programs as p
from rows import LONG, called, go, got, marks, reaches, seen, told, until, whole

ROWS = {}
NEVER = str(uuid4())


def row(function):
    ROWS["canvas_" + function.__name__] = function
    return function


def without(ids, said):
    """What was said, with ids by their names."""
    text = json.dumps(said)
    for name, id in ids.items():
        text = text.replace(id, name)
    return json.loads(text)


def parents(result):
    found = []
    while result is not None:
        found.append(type(result).__name__)
        result = result.parent
    return found


@row
def chains():
    result = chain(p.add.s(1, 2), c.mul.s(10), p.add.s(5))()
    values = [got(result), got(result.parent), got(result.parent.parent), result.parent.parent.parent]
    return [values, whole(result), parents(result), got((p.add.s(1, 1) | c.mul.s(3)).delay()), got((p.add.s(1) | c.mul.s(3)).delay(4)),
            got(chain(p.add.s(n) for n in range(4))(10)), got(chain([p.add.s(1, 1), c.mul.s(2)]).apply_async()), got(AsyncResult(result.id))]


@row
def chains_of_chains():
    first, second = chain(p.add.s(1, 1), p.add.s(2)), chain(c.mul.s(2), c.mul.s(3))
    return [got((first | second)()), got((p.add.s(1, 1) | second)()), got((first | c.mul.s(5))()), len((first | second).tasks), got(chain(first, second)())]


@row
def one_in_a_chain():
    return [got(chain(p.add.s(1, 1))()), got(chain([p.add.s(1, 1)])()), chain()() is None]


@row
def immutable():
    return [got(chain(p.add.s(1, 2), c.constant.si())()), got(chain(p.add.s(1, 2), p.add.si(5, 5), c.mul.s(2))()), got((p.add.s(1, 1) | c.says.si(1, a=2)).delay()),
            p.add.si(1).immutable, got(p.add.s(1, 1).set(immutable=True).delay(7))]


@row
def partials_and_kwargs():
    return [got(p.add.s(2).delay(3)), got(c.says.s(1, a=2).delay(3, b=4)), got(c.says.s(a=1).apply_async((5,), {"a": 2})), got(chain(c.says.s(1, k=1), c.says.s(2, k=2))()),
            got(p.add.s(y=4).delay(1)), repr(p.add.s(1) | c.mul.s(2))]


@row
def options_of_signatures():
    id = str(uuid4())
    result = chain(p.add.s(1, 2).set(queue="other", priority=3), c.mul.s(3).set(countdown=0.3), p.add.s(1)).apply_async(task_id=id)
    return [got(result), result.id == id, got(p.add.signature((2, 2), countdown=0.1, queue="other").delay()), got(chain(p.add.s(1, 1), p.add.s(1).set(expires=60))())]


@row
def a_chain_that_fails():
    result = chain(p.add.s(1, 1), c.fails.s(), p.add.s(1), c.mul.s(2))()
    until(lambda: result.ready() and result.parent.ready(), "all of the chain")
    return [whole(result), whole(result.parent), whole(result.parent.parent), whole(result.parent.parent.parent), got(AsyncResult(result.id)), got(AsyncResult(result.parent.id))]


@row
def retries_in_a_chain():
    return [got(chain(p.add.s(1, 1), c.third_time.s(), c.mul.s(2))()), whole(chain(c.never.s(3), p.add.s(1))())]


@row
def what_is_not_kept_is_handed_on():
    return [got(chain(p.add.s(1, 1), c.unkept.s(), c.mul.s(10))())]


@row
def groups():
    result = group(p.add.s(n, n) for n in range(5))()
    values = result.get(timeout=LONG)
    return [values, result.ready(), result.successful(), result.failed(), result.waiting(), result.completed_count(), len(result), [one.get() for one in result], result[1].get(),
            isinstance(result, GroupResult), [one.state for one in result.results], result.children == result.results, got(group(p.add.s(1, 1), c.mul.s(2, 3))()),
            result.parent is None, isinstance(result.id, str), got(group([p.add.s(1), p.add.s(2)])(10)), got(group([p.add.s(1), p.add.s(2)]).delay(10)), got(result[0])]


@row
def a_group_of_none():
    result = group([])()
    return [result.get(timeout=LONG), len(result), result.results, got(chain(group([]), c.tsum.s())()), got(chord([])(c.tsum.s()))]


@row
def a_group_that_fails():
    result = group(p.add.s(1, 1), c.fails.s(7), p.add.s(2, 2))()
    first = called(lambda: result.get(timeout=LONG))
    until(result.ready, "all of the group")
    return [first, result.ready(), result.successful(), result.failed(), result.completed_count(), len(result.get(timeout=LONG, propagate=False)), [one.state for one in result]]


@row
def a_group_of_one_and_of_groups():
    return [got(group(p.add.s(1, 1))()), got(group(group(p.add.s(1, 1), p.add.s(2, 2)), p.add.s(3, 3))()), got(group([p.add.s(1, 1)])())]


@row
def a_group_is_revoked():
    result = group(p.add.s(n, n).set(countdown=3) for n in range(3))()
    result.revoke()
    return [[whole(one) for one in result], result.failed(), result.successful()]


@row
def a_group_times_out():
    result = group(c.holds.s("group-held", n) for n in range(2))()
    said = called(lambda: result.get(timeout=0.3))
    ready = [result.ready(), result.completed_count()]
    go("group-held")
    return [said[0], ready, got(result)]


@row
def chords():
    result = chord([p.add.s(n, n) for n in range(5)])(c.tsum.s())
    return [got(result), whole(result), parents(result), got(result.parent), got(chord(p.add.s(n, 1) for n in range(3))(c.tsum.s())), got((group(p.add.s(1, 1), p.add.s(2, 2)) | c.tsum.s())()),
            got(chord([p.add.s(1, 1)], c.tsum.s()).delay()), got(chord([p.add.s(1), p.add.s(2)], c.tsum.s()).apply_async((10,))), got(chord([p.add.s(1, 1)])(c.constant.si())),
            got((group(p.add.s(1, 1), p.add.s(2, 2)) | c.says.s(5, k=1))()), got(chord(group(p.add.s(1, 1), p.add.s(1, 2)), c.tsum.s() | c.mul.s(10))())]


@row
def a_chord_that_fails():
    ids = {name: str(uuid4()) for name in "abc"}
    result = chord([p.add.s(1, 1).set(task_id=ids["a"]), c.fails.s(1).set(task_id=ids["b"]), p.add.s(2, 2).set(task_id=ids["c"])])(c.marks_value.s("chord-body"))
    until(result.ready, "the body's end")
    said = without(ids, whole(result))
    failed = chord([c.fails.s(2), p.add.s(1, 1)])(c.tsum.s().on_error(c.named_errback.s("chord-errback")))
    return [said, got(failed)[1], marks("chord-errback", 1)[0].partition(" ")[0],
            isinstance(result.result, ChordError), told(result.get(propagate=False), result.id)[0], (p.FOLDER / "chord-body").exists(), got(result.parent[0])]


@row
def retries_in_a_chord():
    result = chord([c.never.s(1).set(task_id=NEVER), p.add.s(1, 1)])(c.tsum.s())
    given_up = got(result)
    until(result.ready, "the body's end")
    return [got(chord([c.third_time.s(n) for n in range(3)])(c.tsum.s())), given_up, without({"MEMBER": NEVER}, whole(result))]


@row
def a_chord_whose_member_is_revoked():
    result = chord([p.add.s(1, 1), p.add.s(2, 2).set(countdown=2)])(c.tsum.s().on_error(c.named_errback.s("revoked-errback")))
    result.parent[1].revoke()
    until(result.ready, "the body's end")
    said = seen(result)
    return [got(result), said[0], said[1][0], "raised TaskRevokedError('revoked')" in said[1][1], marks("revoked-errback", 1)[0].partition(" ")[0], seen(result.parent[1])]


@row
def a_chord_whose_member_expires():
    result = chord([p.add.s(1, 1), p.add.s(2, 2).set(countdown=2, expires=1)])(c.tsum.s())
    until(result.ready, "the body's end")
    said = seen(result)
    return [got(result), said[0], said[1][0], "raised TaskRevokedError('expired')" in said[1][1]]


@row
def a_chain_with_groups():
    upgraded = chain(p.add.s(1, 1), group(p.add.s(1), c.mul.s(2)), c.tsum.s(), c.mul.s(10))
    ends = chain(p.add.s(1, 1), group(p.add.s(1), c.mul.s(2)))()
    between = chain(group(p.add.s(1, 1), p.add.s(2, 2)), group(c.tsum.s(), c.says.s()))()
    return [got(upgraded()), got(ends), isinstance(ends, GroupResult), got(between), got((p.add.s(1, 1) | group(p.add.s(3)))()), got((group(p.add.s(1, 1), p.add.s(2, 2)) | c.tsum.s() | p.add.s(1))()),
            got(chain(group(p.add.s(1, 1), p.add.s(2, 2)), c.tsum.s(), group(p.add.s(1), p.add.s(2)), c.tsum.s())())]


@row
def groups_of_chains():
    return [got(group(chain(p.add.s(1, 1), c.mul.s(2)), p.add.s(5, 5))()), got(group(chain(p.add.s(1), c.mul.s(2)), p.add.s(5))(1)),
            got(chord([chain(p.add.s(1, 1), c.mul.s(2)), p.add.s(5, 5)])(c.tsum.s())), got(chord([chain(c.fails.s(1), c.mul.s(2)), p.add.s(5, 5)])(c.tsum.s()))[1]]


@row
def chords_of_chords():
    inner = chord([p.add.s(1, 1), p.add.s(2, 2)], c.tsum.s())
    return [got(chord([inner, p.add.s(1, 1)])(c.tsum.s())), got(chord([chord([p.add.s(n, n) for n in range(3)], c.tsum.s()) for _ in range(2)])(c.tsum.s())),
            got(chain(p.add.s(1, 1), chord([p.add.s(1), p.add.s(2)], c.tsum.s()), c.mul.s(2))()), got(group(inner, p.add.s(1, 1))())]


@row
def maps():
    return [got(p.add.map([1, 2, 3]).delay()), got(p.add.starmap([(1, 2), (3, 4)]).delay()),
            got(p.add.chunks(zip(range(10), range(10)), 4)()), got(p.add.chunks([(1, 1), (2, 2)], 1).group()()), repr(p.add.map([1, 2])), repr(p.add.starmap([(1, 2)])),
            got(c.fails.map([1]).delay()), got(p.add.starmap([]).delay()), got((p.add.chunks([(1, 1), (2, 2), (3, 3)], 2).group() | c.says.s())())]


@row
def links():
    p.add.apply_async((1, 2), link=c.marks_value.s("link-1"))
    p.add.apply_async((3, 4), link=[c.marks_value.s("link-2"), c.marks_value.si("immutable", "link-3")])
    linked = p.add.s(5, 6)
    linked.link(c.mul.s(2) | c.marks_value.s("link-4"))
    result = linked.delay()
    chain(p.add.s(1, 1), c.mul.s(3)).apply_async(link=c.marks_value.s("link-5"))
    p.app.send_task("programs.add", (2, 2), link=c.marks_value.s("link-6"), queue="other")
    c.fails.apply_async((1,), link=c.marks_value.s("link-never")).get(timeout=LONG, propagate=False)
    return [marks("link-1", 1), marks("link-2", 1), marks("link-3", 1), got(result), marks("link-4", 1), marks("link-5", 1), marks("link-6", 1), (p.FOLDER / "link-never").exists()]


@row
def children_are_known():
    result = p.add.apply_async((1, 2), link=c.mul.s(10))
    got(result)
    children = until(lambda: result.children, "children")
    return [len(children), got(children[0]), [value for _, value in result.collect()]]


@row
def errbacks():
    old, new = c.fails.apply_async((1,), link_error=c.old_errback.s()), c.fails.apply_async((2,), link_error=c.new_errback.s())
    bound, both = c.fails.apply_async((3,), link_error=c.bound_errback.s()), c.fails.apply_async((4,), link_error=[c.old_errback.s(), c.new_errback.s()])
    good = p.add.apply_async((1, 1), link_error=c.old_errback.s())
    sig = c.fails.s(5)
    sig.link_error(c.named_errback.s("named-errback"))
    got(sig.delay()), got(good)
    retried = c.never.apply_async((6,), link_error=c.new_errback.s())
    chained = chain(p.add.s(1, 1), c.fails.s(), p.add.s(3)).apply_async(link_error=c.old_errback.s())
    immutable = c.fails.apply_async((7,), link_error=c.marks_value.si("set", "immutable-errback"))
    found = [marks("errback-" + one.id, count) for one, count in ((old, 1), (new, 1), (bound, 1), (both, 2), (retried, 1), (chained.parent, 1))]
    found[3].sort()
    return [found, marks("named-errback", 1), (p.FOLDER / f"errback-{good.id}").exists(), (p.FOLDER / f"errback-{chained.id}").exists(), marks("immutable-errback", 1),
            got(immutable)]


@row
def what_is_revoked_calls_no_errback():
    result = p.add.apply_async((1, 1), countdown=2, link_error=c.old_errback.s())
    result.revoke()
    said = whole(result)
    got(c.fails.apply_async((1,), link_error=c.marks_value.si("after", "after-revoke")))
    return [said, marks("after-revoke", 1), (p.FOLDER / f"errback-{result.id}").exists()]


@row
def lines_of_descent():
    first, second = chain(c.lineage.s(), c.lineage.s())().get(timeout=LONG), None
    result = chain(c.lineage.s(), c.lineage.s())()
    second, first = got(result)[1], got(result.parent)[1]
    members = group(c.lineage.s(), c.lineage.s())()
    found = members.get(timeout=LONG)
    return [second[0] == result.id, second[1] == first[0], second[2] == first[0], first[1], first[2] == first[0], [one[3] == members.id for one in found]]


def of(id):
    """What a task came to whose id alone is known. Looked at again and again: Celery's own `get` may wait for ever where the result comes as it begins to listen."""
    return reaches(AsyncResult(id), "SUCCESS")[1]


@row
def called_from_within():
    return [of(c.calls_a_chain.delay(1).get(timeout=LONG)), of(c.calls_a_chord.delay([1, 2]).get(timeout=LONG)),
            of(c.takes_a_signature.delay(p.add.s(1, 2)).get(timeout=LONG)), of(c.takes_a_signature.delay(chain(p.add.s(1, 2), c.mul.s(2))).get(timeout=LONG)),
            of(c.takes_a_signature.delay(chord([p.add.s(1, 2)], c.tsum.s())).get(timeout=LONG))]


@row
def a_group_called_from_within():
    """Its members are children of the task that calls it, which waits for none of them."""
    caller = c.calls_a_group_of_lineages.delay()
    members = [of(id) for id in caller.get(timeout=LONG)]
    return [[of(id) for id in c.calls_a_group.delay([1, 2, 3]).get(timeout=LONG)], [member[1] == caller.id for member in members],
            [member[2] == caller.id for member in members], len({member[3] for member in members}), members[0][3] is not None]


@row
def travelling():
    def travelled(sig):
        return maybe_signature(json.loads(json.dumps(sig)), app=p.app)
    sigs = [p.add.s(1, 2), chain(p.add.s(1, 2), c.mul.s(2)), group(p.add.s(1, 2), c.mul.s(2, 2)), chord([p.add.s(1, 2), p.add.s(2, 2)], c.tsum.s()), p.add.starmap([(1, 2)])]
    return [[isinstance(travelled(sig), Signature), got(travelled(sig).apply_async())] for sig in sigs] + [got(signature({"task": "programs.add", "args": [1, 2], "kwargs": {}, "options": {}}, app=p.app).delay())]


@row
def clones():
    sig = chain(p.add.s(1), c.mul.s(2))
    return [got(sig.clone()(6)), got(p.add.s(1).clone((2,)).delay()), len(sig.tasks), sig.tasks[0].args == (1,)]


@row
def eager_canvases():
    p.app.conf.task_always_eager = True
    try:
        return [chain(p.add.s(1, 2), c.mul.s(10))().get(), group(p.add.s(n, n) for n in range(3))().get(), chord([p.add.s(1, 1), p.add.s(2, 2)])(c.tsum.s()).get(),
                (p.add.s(1, 1) | group(p.add.s(1), c.mul.s(2)))().get(), (group(p.add.s(1, 1), p.add.s(2, 2)) | c.tsum.s())().get(), p.add.starmap([(1, 2)]).apply_async().get(),
                called(lambda: chain(c.fails.s(1), p.add.s(1))().get()), p.add.apply_async((1, 1), link=c.marks_value.s("eager-link")).get(), marks("eager-link", 1),
                p.add.chunks([(1, 1), (2, 2)], 1).apply_async().get(), c.fails.apply_async((1,), link_error=c.named_errback.s("eager-errback")).state, marks("eager-errback", 1)]
    finally:
        p.app.conf.task_always_eager = False


@row
def applied_here():
    return [chain(p.add.s(1, 2), c.mul.s(10)).apply().get(), group(p.add.s(1, 1), p.add.s(2, 2)).apply().get(), chord([p.add.s(1, 1), p.add.s(2, 2)], c.tsum.s()).apply().get(),
            chain(p.add.s(1), c.mul.s(10)).apply((4,)).get()]


@row
def refused_of_groups():
    return [called(lambda: group(p.add.s(1, 1)).apply_async(link=c.tsum.s()))[0], called(lambda: group(p.add.s(1, 1)).apply_async(link_error=c.tsum.s()))[0]]


@row
def a_larger_chord():
    return [got(chord([p.add.s(n, 0) for n in range(250)])(c.tsum.s()), 120)]
