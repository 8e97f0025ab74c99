import asyncio
import json

import pytest

from integrations import cdk as module
from integrations.cdk import Cdk, DeployFailed, Deployment, NoSuchApp, RolledBack
from integrations.command import CannotRun
from policies.action import IntegrationError, Outside, Target

KEY = "run-1:step-4"

FAKE = """#!/bin/sh
echo "$@" >>"$JOURNAL"
echo "$PWD|${AWS_SECRET_ACCESS_KEY-}" >>"$JOURNAL.where"
case "$1" in
  diff) [ -z "$DIFF_HANGS" ] || exec sleep 60
        echo "Stack $2"; printf '\\033[32m[+]\\033[0m AWS::Lambda::Function Auth\\n' >&2; exit "${DIFF_CODE:-0}";;
esac
[ -z "$STABLE" ] || { echo "No stacks were in a state that could be rolled back" >&2; exit 1; }
echo "$2: deploying..." >&2
[ -z "$FAILS" ] || { echo "Resource limit exceeded" >&2; echo "AuthTable CREATE_FAILED" >&2; exit 1; }
[ -z "$SAME" ] || { echo " UserAuthStagingStack (no changes)" >&2; }
echo "Outputs:" >&2
printf '\\033[36mUserAuthStagingStack.Url\\033[0m = https://auth.example.com/?a=b\\n' >&2
echo "UserAuthStagingStack.Table = auth-table"
echo "OtherStack.Url = https://other.example.com"
"""


@pytest.fixture
def company(tmp_path):
    program = tmp_path / "cdk"
    program.write_text(FAKE)
    program.chmod(0o755)
    for service in ("user-auth-service", "checkout"):
        (tmp_path / "apps" / service).mkdir(parents=True)
    (tmp_path / "apps" / "README").touch()
    return tmp_path


@pytest.fixture
def make(company):
    def cdk(**env):
        env = {"JOURNAL": str(company / "journal"), **env}
        return Cdk(str(company / "cdk"), company / "apps", commands=company / "commands", env=env)

    return cdk


def journal(company):
    path = company / "journal"
    return path.read_text().splitlines() if path.exists() else []


async def test_a_stack_is_deployed_in_its_apps_folder(company, make, door):
    done = await door(make().deploy, "user-auth-service", "staging", "CHG0030001", key=KEY)
    source = "cdk UserAuthStagingStack output"
    outputs = {"Url": Outside("https://auth.example.com/?a=b", source), "Table": Outside("auth-table", source)}
    assert done == Deployment("UserAuthStagingStack", outputs, changed=True)
    assert journal(company) == ["deploy UserAuthStagingStack --require-approval never"]
    assert (company / "journal.where").read_text() == f"{company}/apps/user-auth-service|\n"


async def test_credentials_go_by_the_environment_and_only_those_that_are_given(company, make, door, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from the daemon's own")
    await door(make(AWS_SECRET_ACCESS_KEY="canary").deploy, "user-auth-service", "staging", "", key=KEY)
    assert (company / "journal.where").read_text().endswith("|canary\n")
    assert "canary" not in " ".join(journal(company))


async def test_the_same_step_deploys_once(company, make):
    call = make().deploy.call("user-auth-service", "staging", "CHG0030001")
    assert await call.look_up(KEY) is None
    first = await call.perform(KEY)
    assert await call.perform(KEY) == first
    assert (await call.look_up(KEY)).result == first
    assert len(journal(company)) == 1
    await call.perform("run-2:step-4")
    assert len(journal(company)) == 2


async def test_a_stack_that_was_as_it_should_be(make, door):
    assert not (await door(make(SAME="1").deploy, "user-auth-service", "staging", "", key=KEY)).changed


async def test_a_failure_carries_the_last_lines_and_is_not_repeated(company, make):
    call = make(FAILS="1").deploy.call("user-auth-service", "staging", "")
    for _ in range(2):
        with pytest.raises(DeployFailed, match=r"(?s)exit status 1.*limit exceeded\nAuthTable CREATE_FAILED") as caught:
            await call.perform(KEY)
    assert str(caught.value).endswith("\nAuthTable CREATE_FAILED")
    assert len(caught.value.args[2]) <= module.LAST_LINES
    assert caught.value.said.sources == ("cdk UserAuthStagingStack output",)
    assert await call.look_up(KEY) is None
    assert len(journal(company)) == 1


async def test_rolling_back(company, make, door):
    call = make().rollback.call("checkout", "production")
    assert call.target() == Target("checkout@production", "production")
    assert "CheckoutProductionStack" in (await call.preview()).summary
    assert await call.look_up(KEY) is None
    assert await call.perform(KEY) == RolledBack("CheckoutProductionStack", moved=True)
    assert (await call.look_up(KEY)).result == RolledBack("CheckoutProductionStack", moved=True)
    assert journal(company) == ["rollback CheckoutProductionStack"]


async def test_a_plan_shows_the_diff(company, make):
    call = make().deploy.call("user-auth-service", "staging", "")
    preview = await call.preview()
    assert preview.summary == "Deploy user-auth-service to staging with CDK (stack UserAuthStagingStack)"
    assert preview.evidence == "Stack UserAuthStagingStack\n[+] AWS::Lambda::Function Auth"
    assert "version before" in preview.undo
    assert call.target() == Target("user-auth-service@staging", "staging")
    assert make().deploy.action.selects_change == "change"
    assert journal(company) == ["diff UserAuthStagingStack"]


async def test_a_diff_that_fails_does_not_fail_the_plan(company, make, monkeypatch):
    call = make(DIFF_CODE="1").deploy.call("user-auth-service", "staging", "")
    assert (await call.preview()).evidence.startswith("cdk diff failed: Stack UserAuth")
    monkeypatch.setattr(module, "DIFF_SECONDS", 0.0)
    call = make(DIFF_HANGS="1").deploy.call("user-auth-service", "staging", "")
    assert (await call.preview()).evidence == "cdk diff had nothing to say within 0 s"
    (company / "cdk").unlink()
    assert "could not be run: No such file" in (await call.preview()).evidence
    with pytest.raises(CannotRun):
        await call.perform(KEY)


async def test_what_a_program_prints_without_end_is_cut(company, make, monkeypatch):
    call = make().deploy.call("user-auth-service", "staging", "")
    monkeypatch.setattr(module, "MOST_EVIDENCE", 10)
    assert (await call.preview()).evidence == "Stack User\n(47 more characters are not shown here)"
    program = company / "cdk"
    program.write_text("#!/bin/sh\nhead -c 5000 /dev/zero | tr '\\0' x; exit 1\n")
    with pytest.raises(DeployFailed) as caught:
        await call.perform(KEY)
    assert [len(each) for each in caught.value.args[2]] == [500]


async def test_a_stack_may_have_a_name_of_its_own(company):
    cdk = Cdk("cdk", company / "apps", commands=company, env={}, stacks={"checkout@staging": "Basket"})
    assert "(stack Basket)" in (await cdk.rollback.call("checkout", "staging").preview()).summary
    assert "(stack CheckoutProductionStack)" in (await cdk.rollback.call("checkout", "production").preview()).summary


@pytest.mark.parametrize("service", ["../etc", "a/b", "", "-x", "a b"])
async def test_a_name_that_is_no_name_leads_nowhere(company, make, door, service):
    with pytest.raises(NoSuchApp):
        await door(make().deploy, service, "staging", "", key=KEY)
    with pytest.raises(NoSuchApp):
        await door(make().deploy, "checkout", service, "", key=KEY)
    assert journal(company) == []


async def test_a_service_without_an_app_comes_with_the_nearest(company, make, door):
    with pytest.raises(NoSuchApp, match=r"no CDK app for 'user-auth-servic' in .*; did you mean user-auth-service\?"):
        await door(make().deploy, "user-auth-servic", "staging", "", key=KEY)
    with pytest.raises(NoSuchApp, match=r"cdk\.json"):
        await door(make().deploy, "zzz", "staging", "", key=KEY)
    nowhere = Cdk("cdk", company / "nowhere", commands=company, env={})
    with pytest.raises(NoSuchApp, match="put one there"):
        await door(nowhere.deploy, "checkout", "staging", "", key=KEY)


async def test_two_at_once_with_one_key_are_one(company, make):
    call = make().deploy.call("user-auth-service", "staging", "")
    first, second = await asyncio.gather(call.perform(KEY), call.perform(KEY))
    assert first == second and len(journal(company)) == 1


def test_errors_are_made_again_from_their_arguments():
    for error in (DeployFailed("S", 1, ["a", "b"]), DeployFailed("S", 1, []), NoSuchApp("a", "b", ["c"])):
        assert str(IntegrationError.known[error.kind](*json.loads(json.dumps(error.args)))) == str(error)


async def test_the_release_is_handed_to_the_app_without_its_v(company, make, door):
    cdk = make()
    preview = await cdk.deploy.call("user-auth-service", "staging", "", "v2.1.0").preview()
    assert preview.summary == "Deploy user-auth-service v2.1.0 to staging with CDK (stack UserAuthStagingStack)"
    await door(cdk.deploy, "user-auth-service", "staging", "", "v2.1.0", key=KEY)
    assert journal(company) == [
        "diff UserAuthStagingStack --context version=2.1.0",
        "deploy UserAuthStagingStack --context version=2.1.0 --require-approval never",
    ]


async def test_a_stack_that_took_itself_back_needs_no_rolling_back(make, door):
    done = await door(make(STABLE="1").rollback, "checkout", "production", key=KEY)
    assert done == RolledBack("CheckoutProductionStack", moved=False)


async def test_a_rollback_that_fails_says_so(make, door):
    with pytest.raises(DeployFailed, match="AuthTable CREATE_FAILED"):
        await door(make(FAILS="1").rollback, "checkout", "production", key=KEY)
