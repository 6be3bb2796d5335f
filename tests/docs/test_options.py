"""What yaml files, CosmoSIS's module.yaml and the code say of an option is one thing."""

import re
from dataclasses import fields

import pytest
import yaml

from jaxlike.registry.options import CHOICES, TheoryOptions

# what the hosts call power from outside, and cuts that belong to a survey
HOSTS_OWN = {"power"}


@pytest.fixture(scope="module")
def ours(generator):
    """Option -> default, of the theory and the likelihoods as Cobaya has them."""
    found = {}
    for component in ("Theory", "3x2pt"):
        for one in generator.component_options(component)[1]:
            found.setdefault(one.name, yaml.safe_load(one.default) if one.default else None)
    return found


@pytest.mark.parametrize("component", ["shear", "2x2pt"])
def test_likelihoods_of_some_statistics_have_the_options_of_all(component, generator):
    """Their files differ in the first line and in what they say of `probes`."""
    title, options = generator.component_options(component)
    whole, every = generator.component_options("3x2pt")
    assert title != whole
    assert [one for one in options if one.name != "probes"] == [
        one for one in every if one.name != "probes"
    ]


def test_defaults_in_yaml_are_those_of_the_code(ours):
    for one in fields(TheoryOptions):
        if one.name in ours and one.name not in HOSTS_OWN:
            assert ours[one.name] == one.default, one.name


def test_defaults_in_module_yaml_are_those_of_the_code(generator, ours):
    defaults = {one.name: one.default for one in fields(TheoryOptions)}
    checked = 0
    for name, text in generator.module_options().items():
        said = re.match(r"[\w ]+?,? (?:no default|default(?::)? ('[^']*'|[\w.-]*\w))", text)
        assert said, (name, text)
        if name not in defaults:
            continue
        checked += 1
        value = {"T": True, "F": False}.get(said[1] or "", (said[1] or "none").strip("'"))
        expected = defaults[name]
        if expected is None:
            assert ":" in text.split(".")[0] or said[1] is None, (name, text)
        elif isinstance(expected, bool):
            assert value is expected, name
        else:
            assert str(value) == str(expected), name
    assert checked > 30


def test_texts_name_every_choice(generator):
    """A new model is written of where users look for it."""
    texts = {}
    for component in ("Theory", "3x2pt"):
        for one in generator.component_options(component)[1]:
            texts[one.name] = texts.get(one.name, "") + one.text
    module = generator.module_options()
    for name, choices in CHOICES.items():
        for choice in choices:
            if name in texts and (name, choice) not in {("power", "host")}:
                assert re.search(rf"\b{choice}\b", texts[name]), (name, choice)
            if name in module and (name, choice) != ("power", "host"):
                assert re.search(rf"\b{choice}\b", module[name]), (name, choice)
