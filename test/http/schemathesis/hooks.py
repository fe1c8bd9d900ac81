"""Gives Schemathesis real ids and, part of the time, a body that is known to be good; the rest it makes up itself."""

import collections
import itertools
import json
import os
import random

import schemathesis

with open(os.environ["ONVERA_FUZZ_FACTS"], encoding="utf-8") as facts_file:
    FACTS = json.load(facts_file)

POOLS = {name: itertools.cycle(ids) for name, ids in FACTS["pools"].items()}
# Several good bodies where each is good only once.
BODIES = {name: itertools.cycle(bodies) for name, bodies in FACTS["bodies"].items()}
QUERIES = FACTS["queries"]
SERIAL = itertools.count()
# Our own generator: Hypothesis watches over the shared one.
DICE = random.Random(7)
# So many requests of each operation are good in every part; only then chance decides.
GOOD_FIRST = 3
DRAWN = collections.Counter()


def operation_id(context):
    return context.operation.definition.raw.get("operationId", "")


def made_up(context, part, share):
    """Whether this part of the request stays as the fuzzer made it up."""
    name = (operation_id(context), part)
    DRAWN[name] += 1
    return DRAWN[name] > GOOD_FIRST and DICE.random() < share


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    pool = POOLS.get(operation_id(context))
    if not path_parameters or pool is None or made_up(context, "path", 0.2):
        return path_parameters
    found = next(pool)
    return found if isinstance(found, dict) else {name: found for name in path_parameters}


@schemathesis.hook
def map_query(context, query):
    good = QUERIES.get(operation_id(context))
    return query if good is None or made_up(context, "query", 0.6) else dict(good)


@schemathesis.hook
def map_body(context, body):
    good = BODIES.get(operation_id(context))
    if good is None or made_up(context, "body", 0.6):
        return body
    # What must be unique carries a number.
    return json.loads(json.dumps(next(good)).replace("SERIAL", str(next(SERIAL))))


@schemathesis.hook
def map_headers(context, headers):
    # A precondition that was made up is never met, and an idempotency key repeats by chance.
    return {name: value for name, value in (headers or {}).items() if name.lower() not in ("if-match", "idempotency-key")}
