"""What is understood while names come and go; with a real company it is tests/daemon/test_app.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.hearing.utterance import Utterance
from daemon.names import NOTHING, Names
from daemon.vocabulary import Vocabulary
from intents.scale_deployment import scale_deployment
from intents.understanding.catalogue import Catalogue
from intents.understanding.understand import NotUnderstood, Understood

SENTENCE = Utterance("scale checkout to 6 replicas", "typed")
SOME = Names(Catalogue.of(deployment=["checkout"]), ())


class Cluster:
    """What there is, and how often it was read."""

    def __init__(self, now: Names) -> None:
        self.now, self.reads = now, 0

    async def read(self, before: Names) -> Names:
        self.reads += 1
        return self.now


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(NOTHING)


async def test_the_first_sentence_waits_for_the_names(cluster: Cluster, tmp_path: Path) -> None:
    cluster.now = SOME
    vocabulary = Vocabulary([scale_deployment], "ana", cluster.read)
    vocabulary.begin()
    understood = await vocabulary.understand(SENTENCE, tmp_path)
    assert isinstance(understood, Understood) and cluster.reads == 1
    assert await vocabulary.catalogue() == SOME.catalogue
    await vocabulary.aclose()


async def test_an_unknown_name_has_them_read_again(cluster: Cluster, tmp_path: Path) -> None:
    vocabulary = Vocabulary([scale_deployment], "ana", cluster.read)
    assert isinstance(await vocabulary.understand(SENTENCE, tmp_path), NotUnderstood) and cluster.reads == 1
    cluster.now = SOME
    assert isinstance(await vocabulary.understand(SENTENCE, tmp_path), Understood) and cluster.reads == 2
    assert vocabulary.names is SOME
    await vocabulary.aclose()


async def test_a_fragment_completes_the_request_that_is_chosen(cluster: Cluster, tmp_path: Path) -> None:
    cluster.now = SOME
    vocabulary = Vocabulary([scale_deployment], "ana", cluster.read)
    await vocabulary.refresh()
    understood = await vocabulary.understand(
        Utterance("six", "voice"), tmp_path, chosen=scale_deployment, known={"deployment": "checkout"}
    )
    assert isinstance(understood, Understood)
    assert scale_deployment.slots_to_json(understood.slots)["replicas"] == 6


async def test_it_tells_how_long_each_sentence_took(cluster: Cluster, tmp_path: Path) -> None:
    cluster.now = SOME
    vocabulary = Vocabulary([scale_deployment], "ana", cluster.read)
    await vocabulary.refresh()
    took: list[tuple[float, str]] = []
    vocabulary.took = lambda milliseconds, stage: took.append((milliseconds, stage))
    await vocabulary.understand(SENTENCE, tmp_path)
    ((milliseconds, stage),) = took
    assert milliseconds > 0 and stage == "template"
