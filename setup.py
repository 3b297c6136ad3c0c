"""What `language: python` of pre-commit installs from this repository: the package of the same version, ready to run.

The package itself is described by `pypi/pyproject.toml`. This file is no way to install mtls-lint.
"""

from setuptools import setup

setup(
    name="pre_commit_placeholder_package",
    version="0.0.0",
    py_modules=[],
    install_requires=["mtls-lint==0.1.0"],
)
