"""Downloads as platforms make them, for the tests of intake."""

import datetime
import io
import os
import stat
import zipfile

LAB = "lab01_first_round"
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
NOON = (2026, 11, 20, 12, 0, 0)


def zipped(path, files, *, when=NOON):
    """Write a zip archive: name -> content, or (content, time) or a whole ZipInfo."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            content, moment = content if isinstance(content, tuple) else (content, when)
            info = zipfile.ZipInfo(name, moment)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    made = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC).timestamp()
    if not isinstance(path, io.BytesIO):
        os.utime(path, (made, made))
    return path


def moodle(name, number, file=f"{LAB}.ipynb", *, in_folder=True):
    """Return the path that Moodle gives a student's file."""
    return f"{name}_{number}_assignsubmission_file_{'/' if in_folder else ''}{file}"


def notebook(text):
    """Return a notebook that differs from others."""
    return NOTEBOOK.replace("{}", f'{{"author": "{text}"}}')
