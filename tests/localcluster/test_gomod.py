"""A build's go.mod and cache key say everything that shapes the result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from localcluster.gomod import build_arguments, cache_key, go_mod, go_sum
from localcluster.versions import (
    COREDNS,
    FULL,
    HELM,
    KUBE_APISERVER,
    METRICS_SERVER,
    PAUSE,
    STAGING_MODULES,
    GoBuild,
)


def key(build: GoBuild, *, platform: str = "linux/amd64", sources: dict[str, str] | None = None) -> str:
    return cache_key(build, platform=platform, sources=sources or {})


def test_go_mod_requires_the_module_and_has_its_command_as_tool() -> None:
    lines = go_mod(KUBE_APISERVER).splitlines()
    assert "require k8s.io/kubernetes v1.36.3" in lines
    assert "tool k8s.io/kubernetes/cmd/kube-apiserver" in lines


def test_go_mod_replaces_every_staging_module() -> None:
    lines = go_mod(KUBE_APISERVER).splitlines()
    for module in STAGING_MODULES:
        assert f"replace k8s.io/{module} => k8s.io/{module} v0.36.3" in lines


@pytest.mark.parametrize("pair", [(KUBE_APISERVER, METRICS_SERVER), (HELM, COREDNS)])
def test_builds_that_share_packages_select_the_same_versions(pair: tuple[GoBuild, GoBuild]) -> None:
    def selection(build: GoBuild) -> set[str]:
        return {line for line in go_mod(build).splitlines() if line.startswith(("require", "replace", "go "))}

    assert selection(pair[0]) == selection(pair[1])


def test_a_program_of_our_own_is_built_from_its_folder() -> None:
    assert build_arguments(PAUSE, output="out")[-1] == "."
    assert "tool" not in go_mod(PAUSE)


@pytest.mark.parametrize("build", FULL, ids=lambda build: build.name)
def test_every_module_is_pinned_by_checksum(build: GoBuild) -> None:
    assert len(go_sum(build).splitlines()) == len(build.modules)
    assert all(module.checksum.startswith("h1:") for module in build.modules)


def test_cache_keys_differ_between_builds() -> None:
    assert len({key(build) for build in FULL}) == len(FULL)


def test_the_cache_key_changes_with_what_shapes_the_result() -> None:
    build = KUBE_APISERVER
    module = build.modules[0]
    changed = [
        replace(build, modules=(replace(module, version="v1.36.4"), *build.modules[1:])),
        replace(build, modules=(replace(module, checksum="h1:other"), *build.modules[1:])),
        replace(build, replace=build.replace[1:]),
        replace(build, commands=("cmd/kube-proxy",)),
        replace(build, version_symbol="main.version"),
        replace(build, renames=(("kube-apiserver", "apiserver"),)),
        replace(build, assets=("LICENSE",)),
    ]
    keys = {key(build), key(build, platform="linux/arm64"), key(build, sources={"main.go": "package main"})}
    assert len(keys | {key(other) for other in changed}) == 3 + len(changed)
