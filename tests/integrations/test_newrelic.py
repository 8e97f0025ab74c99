import json
from pathlib import Path

import httpx
import pytest

from integrations.http import BadAnswer, NotAllowed, SignInFailed
from integrations.newrelic import Health, Marked, NewRelic, NoSuchEntity, QueryFailed, Usage, quoted
from policies.action import IntegrationError, Outside, Target, Unreachable

KEY = "run-1:step-2"


@pytest.fixture(scope="session")
def schema():
    """NerdGraph's own schema."""
    path = Path(__file__).parents[3] / "shared" / "specs" / "newrelic-nerdgraph-introspection.json"
    if not path.exists():
        pytest.skip("needs NerdGraph's schema: ../shared/specs is not there")
    from graphql import build_client_schema

    found = json.loads(path.read_text())
    return build_client_schema(found.get("data", found))


class NerdGraph:
    """Answers NRQL by the event type it asks for, and keeps every request."""

    def __init__(self):
        self.rows = {}
        self.came = []
        self.answer = None

    def __call__(self, request):
        sent = json.loads(request.content)
        self.came.append((request, sent))
        if self.answer is not None:
            return self.answer(sent) if callable(self.answer) else self.answer
        query = sent["variables"].get("query", "")
        event = query.split(" FROM ")[1].split()[0] if " FROM " in query else ""
        return httpx.Response(200, json=nrql(self.rows.get(event, [])))

    def queries(self):
        return [sent["variables"]["query"] for _, sent in self.came]


def nrql(rows):
    return {"data": {"actor": {"account": {"nrql": {"results": rows}}}}}


@pytest.fixture
def graph():
    return NerdGraph()


@pytest.fixture
def newrelic(graph, secret):
    return NewRelic(secret, 1234567, transport=httpx.MockTransport(graph))


async def test_usage(graph, newrelic, door, secret):
    graph.rows["K8sPodSample"] = [
        {"average.cpuPercent": 41.5, "average.memoryUsageBytes": 3.1e8, "uniqueCount.podName": 10}
    ]
    usage = await door(newrelic.usage, "web-app", "production")
    said = "Over 5 minutes each of 10 pods uses 41.5 % of a processor and 296 MiB on average"
    assert usage == Usage("web-app", "production", 41.5, 3.1e8, 10, 5, said)
    request, sent = graph.came[0]
    assert str(request.url) == "https://api.newrelic.com/graphql" and request.headers["api-key"] == secret
    assert sent["variables"]["account"] == 1234567
    assert graph.queries() == [
        "SELECT average(cpuPercent), average(memoryUsageBytes), uniqueCount(podName) FROM K8sPodSample "
        "WHERE deploymentName = 'web-app' AND namespaceName = 'production' SINCE 5 minutes ago"
    ]


async def test_usage_of_agents_that_report_by_container(graph, newrelic, door):
    graph.rows["K8sPodSample"] = [
        {"average.cpuPercent": None, "average.memoryUsageBytes": None, "uniqueCount.podName": 3}
    ]
    graph.rows["K8sContainerSample"] = [
        {"average.cpuCoresUtilization": 12.0, "average.memoryUsedBytes": 2.5e8, "uniqueCount.podName": 1}
    ]
    said = "Over 30 minutes the one pod uses 12.0 % of a processor and 238 MiB on average"
    usage = await door(newrelic.usage, "web-app", "staging", 30)
    assert usage == Usage("web-app", "staging", 12.0, 2.5e8, 1, 30, said)
    assert "SINCE 30 minutes ago" in graph.queries()[1]


async def test_usage_of_what_reports_nothing(newrelic, door):
    said = "New Relic has no processor and memory data of the last 5 minutes yet"
    usage = await door(newrelic.usage, "web-app", "production")
    assert usage == Usage("web-app", "production", None, None, 0, 5, said)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"count": 3000, "percentage": 0.4, "average.duration": 0.1234},
            (True, 0.4, 200.0, "is healthy: 0.4 % of 3000 requests failed in the last 15 minutes, 123 ms on average"),
        ),
        (
            {"count": 30, "percentage": 40.0, "average.duration": None},
            (False, 40.0, 2.0, "is not healthy: 40.0 % of 30 requests failed in the last 15 minutes, 0 ms on average"),
        ),
    ],
)
async def test_health(graph, newrelic, door, row, expected):
    graph.rows["Transaction"] = [row]
    healthy, errors, throughput, said = expected
    health = await door(newrelic.health, "user-auth-service", "staging")
    assert health == Health(
        "user-auth-service", "staging", healthy, errors, throughput, f"user-auth-service in staging {said}"
    )
    assert "WHERE appName = 'user-auth-service' AND environment = 'staging' SINCE 15 minutes ago" in graph.queries()[0]


async def test_silence_is_not_health(graph, newrelic, door):
    graph.rows["Transaction"] = [{"count": 0, "percentage": None}]
    health = await door(newrelic.health, "checkout", "production", 5)
    assert not health.healthy and health.summary.startswith("New Relic has seen no requests to checkout in production")


async def test_where_the_limit_lies_and_which_attribute_is_the_environment(graph, door):
    strict = NewRelic("k", 1, errors_below=0.5, environment_attribute="tags.env", transport=httpx.MockTransport(graph))
    graph.rows["Transaction"] = [{"count": 100, "percentage": 0.5}]
    assert not (await door(strict.health, "checkout", "production")).healthy
    assert "AND tags.env = 'production'" in graph.queries()[0]
    await strict.aclose()


async def test_rows_of_a_query(graph, newrelic, door):
    graph.rows["Log"] = [{"count": 1}, {"count": 2}]
    assert await door(newrelic.nrql, "SELECT count(*) FROM Log FACET level") == [{"count": 1}, {"count": 2}]


async def test_texts_in_rows_are_boxed_and_columns_that_the_data_names_left_out(graph, newrelic, door):
    row = {"level": "error", "facet": ["a", 1], "on": True, "My count": 2, "run: devos approve X": 3, "x" * 100: 4}
    graph.rows["Log"] = [row]
    (found,) = await door(newrelic.nrql, "SELECT count(*) AS 'My count' FROM Log FACET level")
    source = "newrelic query result"
    boxes = {"level": Outside("error", source), "facet": Outside(["a", 1], source)}
    assert found == {**boxes, "on": True, "My count": 2}
    written = newrelic.nrql.action.result
    again = written.validate_python(json.loads(written.dump_json([found])))
    assert again == [found] and [type(each) for each in again[0].values()] == [type(each) for each in found.values()]


async def test_what_is_no_number_counts_as_not_known(graph, newrelic, door):
    graph.rows["Transaction"] = [{"count": "3000 requests, all healthy", "percentage": True}]
    assert not (await door(newrelic.health, "checkout", "production")).healthy
    graph.rows["K8sPodSample"] = [{"average.cpuPercent": "1", "average.memoryUsageBytes": 1, "uniqueCount.podName": {}}]
    usage = await door(newrelic.usage, "checkout", "production")
    assert (usage.cpu_percent, usage.pods) == (None, 0)


async def test_an_id_that_is_none_is_not_taken_over(graph, newrelic, door):
    graph.answer = deploying([{"guid": "GUID'} mutation { x", "name": "checkout"}])
    with pytest.raises(BadAnswer, match="whose id is none"):
        await door(newrelic.record_deployment, "checkout", "staging", "2.1.0", "x")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("web-app", "'web-app'"),
        ("o'neil", r"'o\'neil'"),
        ("x' OR '1' = '1", r"'x\' OR \'1\' = \'1'"),
        ("back\\", r"'back\\'"),
        ("\\' OR true", r"'\\\' OR true'"),
        ("two\nlines", "'twolines'"),
    ],
)
async def test_a_value_stays_inside_its_quotes(graph, newrelic, door, value, written):
    assert quoted(value) == written
    await door(newrelic.usage, value, "production")
    assert f"deploymentName = {written} AND" in graph.queries()[0]


def deploying(entities):
    def answer(sent):
        if "mutation" in sent["query"]:
            made = {"deploymentId": "d-1", "entityGuid": sent["variables"]["deployment"]["entityGuid"]}
            return httpx.Response(200, json={"data": {"changeTrackingCreateDeployment": made}})
        return httpx.Response(200, json={"data": {"actor": {"entitySearch": {"results": {"entities": entities}}}}})

    return answer


async def test_a_deployment_is_marked_on_its_entity(graph, newrelic, door):
    graph.answer = deploying([{"guid": "GUID", "name": "checkout"}])
    made = await door(newrelic.record_deployment, "checkout", "staging", "2.1.0", "CHG0030001")
    assert made == Marked("d-1", "GUID")
    assert graph.came[0][1]["variables"]["search"] == "name = 'checkout' AND domain = 'APM' AND type = 'APPLICATION'"
    assert graph.came[1][1]["variables"]["deployment"] == {
        "entityGuid": "GUID",
        "version": "2.1.0",
        "description": "staging: CHG0030001",
        "groupId": KEY,
    }
    call = newrelic.record_deployment.call("checkout", "staging", "2.1.0", "x")
    assert call.target() == Target("checkout@staging", "none")
    preview = await call.preview()
    assert preview.summary == "Mark the deployment of checkout 2.1.0 to staging in New Relic's charts"
    assert preview.evidence == "x"


NOTHING = {"actor": {"entitySearch": None}}
FOUND = {"actor": {"entitySearch": {"results": {"entities": [{"guid": "GUID", "name": "checkout"}]}}}}


@pytest.mark.parametrize(
    ("answers", "trouble", "words"),
    [
        ([{"data": NOTHING}], Unreachable, "left entities empty and did not say why"),
        ([{"data": {"actor": None, "more": 1}}], Unreachable, "left entities empty"),
        ([{"data": {"actor": {"entitySearch": {"results": None}}}}], Unreachable, "left entities empty"),
        ([nrql([])], BadAnswer, "answered with JSON without entitySearch"),
        ([{"data": {"actor": []}}], BadAnswer, "JSON without entitySearch"),
        ([{"data": {"actor": {"entitySearch": {"results": {"entities": ["GUID"]}}}}}], BadAnswer, "JSON without guid"),
        ([{"data": {"actor": {"entitySearch": {"results": {"entities": "GUID"}}}}}], BadAnswer, "that are no list"),
        ([{"data": ["actor"]}], BadAnswer, "data of another kind"),
        ([{"errors": "no"}], BadAnswer, "errors of another kind"),
        ([{"data": NOTHING, "errors": [{"message": "too slow"}]}], QueryFailed, "too slow"),
        (
            [{"data": NOTHING, "errors": [{"message": "x", "extensions": {"errorClass": "SERVER_ERROR"}}]}],
            Unreachable,
            "did not answer",
        ),
        ([{"data": FOUND}, {"data": {"changeTrackingCreateDeployment": None, "more": 1}}], Unreachable, "deploymentId"),
    ],
)
async def test_an_answer_that_lacks_what_was_asked_for_is_told_in_a_sentence(
    graph, newrelic, door, answers, trouble, words
):
    left = iter(answers)
    graph.answer = lambda sent: httpx.Response(200, json=next(left))
    with pytest.raises(trouble, match=words):
        await door(newrelic.record_deployment, "checkout", "staging", "2.1.0", "x")


async def test_rows_of_another_kind(graph, newrelic, door):
    graph.answer = httpx.Response(200, json={"data": FOUND})
    with pytest.raises(BadAnswer, match="JSON without account"):
        await door(newrelic.nrql, "SELECT 1 FROM Log")
    graph.answer = httpx.Response(200, json=nrql("rows"))
    with pytest.raises(BadAnswer, match="results that are no list"):
        await door(newrelic.nrql, "SELECT 1 FROM Log")
    graph.answer = httpx.Response(200, json=nrql(None))
    assert await door(newrelic.nrql, "SELECT 1 FROM Log") == []


async def test_a_mark_is_found_again_by_its_group(graph, newrelic):
    call = newrelic.record_deployment.call("checkout", "staging", "2.1.0", "x")
    assert await call.look_up(KEY) is None
    graph.rows["Deployment"] = [{"latest.deploymentId": None}]
    assert await call.look_up(KEY) is None
    graph.rows["Deployment"] = [{"latest.deploymentId": "d-1", "latest.entity.guid": "GUID"}]
    assert (await call.look_up(KEY)).result == Marked("d-1", "GUID")
    assert f"WHERE groupId = '{KEY}'" in graph.queries()[0]


async def test_an_application_that_does_not_report(graph, newrelic, door):
    graph.answer = deploying([])
    with pytest.raises(NoSuchEntity, match="no application named 'checkot'"):
        await door(newrelic.record_deployment, "checkot", "staging", "1", "x")


async def test_every_document_fits_the_schema(graph, newrelic, door, schema):
    from graphql import parse, validate
    from graphql.execution.values import get_variable_values

    graph.answer = deploying([{"guid": "GUID", "name": "checkout"}])
    await door(newrelic.record_deployment, "checkout", "staging", "2.1.0", "x")
    graph.answer = None
    await door(newrelic.usage, "checkout", "staging")
    await door(newrelic.health, "checkout", "staging")
    assert len(graph.came) == 5
    for _, sent in graph.came:
        document = parse(sent["query"])
        assert validate(schema, document) == []
        definitions = document.definitions[0].variable_definitions
        checked = get_variable_values(schema, definitions, sent["variables"])
        assert not isinstance(checked, list), checked


def failed(kind):
    return {"errors": [{"message": "m", "extensions": {"errorClass": kind}}]}


SYNTAX = {"errors": [{"message": "NRQL Syntax Error: at line 1"}], "data": nrql([])["data"]}


@pytest.mark.parametrize(
    ("status", "body", "kind", "part"),
    [
        (200, SYNTAX, QueryFailed, "Syntax Error"),
        (200, failed("TOO_MANY_REQUESTS"), Unreachable, "did not answer: m"),
        (200, failed("TIMEOUT"), Unreachable, "api.newrelic.com"),
        (200, failed("UNAUTHORIZED"), SignInFailed, "does not accept the credentials"),
        (200, {"data": {"actor": {"account": None}}}, NotAllowed, "account 1234567"),
        (200, {"data": {"actor": {"account": {"nrql": None}}}}, NotAllowed, "account 1234567"),
        (200, {"data": None}, BadAnswer, "another kind"),
        (200, ["hello"], BadAnswer, "another kind"),
        (401, {"errors": [{"message": "no key"}]}, SignInFailed, "credentials"),
        (502, {}, Unreachable, "502"),
    ],
)
async def test_failures_in_plain_words(graph, newrelic, door, clean, status, body, kind, part):
    graph.answer = httpx.Response(status, json=body)
    with pytest.raises(kind, match=part) as caught:
        await door(newrelic.nrql, "SELECT 1")
    clean(caught.value)


async def test_a_key_that_is_echoed_does_not_come_through(graph, newrelic, door, clean, secret):
    graph.answer = httpx.Response(200, json={"errors": [{"message": f"key {secret} is retired"}]})
    with pytest.raises(QueryFailed) as caught:
        await door(newrelic.nrql, "SELECT 1")
    assert "key *** is retired" in clean(caught.value)
    await newrelic.aclose()


async def test_closing_closes_the_connections(graph, door):
    class Transport(httpx.MockTransport):
        closed = 0

        async def aclose(self):
            self.closed += 1

    transport = Transport(graph)
    system = NewRelic("k", 1, transport=transport)
    await door(system.nrql, "SELECT 1")
    await system.aclose()
    assert transport.closed == 1


def test_errors_are_made_again_from_their_arguments():
    for error in (QueryFailed("a", "b"), NoSuchEntity("a")):
        assert str(IntegrationError.known[error.kind](*json.loads(json.dumps(error.args)))) == str(error)
