"""Every test of the learners also runs with compiled steps: `pytest --nightly`."""
import pytest

from minimeta.meta import Learner


@pytest.fixture(autouse=True, params=["eager", pytest.param("compiled",
                                                            marks=pytest.mark.nightly)])
def mode(request, monkeypatch):
    """How learners take their steps."""
    take = Learner.meta_train_step

    def compiled_step(learner, tasks):
        if learner._compiled is None:
            learner.compiled()
        return take(learner, tasks)
    if request.param == "compiled":
        monkeypatch.setattr(Learner, "meta_train_step", compiled_step)
    return request.param
