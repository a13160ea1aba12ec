"""What may be asked for, and how it is refused."""
import math

import pytest

from minimeta.run.settings import METHODS, Settings, SettingsError


def test_what_is_not_given_takes_the_default_of_the_data():
    assert Settings("sinusoid").shots == 10 and Settings("sinusoid").test_episodes == 1000
    assert Settings("glyphs").filters == 16 and Settings("omniglot").filters == 64
    assert Settings("glyphs").test_episodes >= 600
    assert Settings("sinusoid").methods == METHODS
    assert Settings("glyphs").methods == METHODS[:-1]
    assert Settings("sinusoid", filters=8).filters is None


def test_repeated_methods_are_trained_once():
    assert Settings("glyphs", ("maml", "reptile", "maml")).methods == ("maml", "reptile")


@pytest.mark.parametrize("wrong, message", [
    ({"data": "glyps"}, "unknown data set 'glyps'; did you mean glyphs?"),
    ({"methods": ("mamal",)}, r"unknown method 'mamal'; did you mean maml\? \(known: maml, fomaml"),
    ({"methods": ("xyz",)}, r"unknown method 'xyz' \(known"),
    ({"methods": ()}, "no method"),
    ({"split": "lake"}, "unknown split"),
    ({"ways": 1}, "ways must be an integer of at least 2, not 1"),
    ({"shots": 0}, "shots"),
    ({"iterations": -3}, "iterations"),
    ({"filters": 0}, "filters"),
    ({"test_episodes": 0}, "test_episodes"),
    ({"seed": -1}, "seed"),
    ({"minutes": math.nan}, "minutes must be a positive number, not nan"),
    ({"minutes": math.inf}, "minutes"),
    ({"minutes": 0.0}, "minutes"),
    ({"minutes": -1.0}, "minutes"),
    ({"minutes": 1.0, "iterations": 5}, "give one"),
])
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(SettingsError, match=message):
        Settings(**{"data": "glyphs"} | wrong)
