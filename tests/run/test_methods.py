"""The table of methods makes learners as it says."""
import pytest

from minimeta.run import methods
from minimeta.run.methods import TABLE, build, refusal, schedule, second_order
from minimeta.run.settings import DATA, METHODS


@pytest.mark.parametrize("data, method", [(d, m) for d in TABLE for m in TABLE[d]])
def test_every_row_can_be_built_and_holds_its_settings(data, method):
    preset, learner = TABLE[data][method], build(method, data, ways=3, filters=4)
    assert learner.clip == preset.clip
    assert callable(learner.optimizer.lr)
    assert learner.optimizer.lr(0) == preset.outer_lr
    assert learner.optimizer.lr(preset.iterations) == pytest.approx(0, abs=1e-12)
    assert second_order(learner) == (method == "maml")
    if preset.inner_steps is not None:
        assert (learner.inner_lr, learner.inner_steps) == (preset.inner_lr, preset.inner_steps)


def test_every_method_has_a_row_or_a_reason():
    for data in DATA:
        for method in METHODS:
            assert (method in TABLE[data]) == (refusal(method, data) is None)
    assert refusal("prototypical", "sinusoid") == "classification only"


def test_the_table_trains_image_methods_on_the_networks_that_were_published():
    for data in ("glyphs", "omniglot"):
        for method, preset in TABLE[data].items():
            metric = method in ("prototypical", "matching")
            assert preset.network == ("pooling encoder" if metric else "strided head")


def test_schedules_begin_and_end_where_they_should():
    for name in ("linear", "cosine"):
        rate = schedule(name, 2.0, 10)
        assert rate(0) == 2.0 and rate(5) == pytest.approx(1.0) and rate(10) == pytest.approx(0)
        assert rate(20) == pytest.approx(0)
        assert all(rate(k) > rate(k + 1) for k in range(10))
    assert schedule("constant", 2.0, 10) == 2.0


def test_the_seed_decides_the_weights():
    first, same, other = (build("maml", "sinusoid", seed) for seed in (0, 0, 1))
    assert (first.theta == same.theta).all() and (first.theta != other.theta).any()


def test_queries_are_those_of_the_literature():
    assert methods.QUERIES == {"train": 5, "test": 15}
