"""Is what policy calls an authority on its pages in their languages, and refused before anybody is served when it can't be?"""

import re
import subprocess

import pytest
from conftest import Server, letter


def changed(directory, authority, change):
    server = Server(directory, authority)
    policy = server.dir / "policy.conf"
    policy.write_text(change(policy.read_text()))
    return server


def letterhead(server, tmp_path, *languages):
    request = letter()
    request.languages.extend(languages)
    path = tmp_path / "x.pdf"
    path.write_bytes(server.client("case").issue(request).pdf)
    return subprocess.run(["pdftotext", "-y", "0", "-x", "0", "-W", "600", "-H", "75", path, "-"], check=True,
                          capture_output=True, text=True).stdout


def test_names_stand_in_the_languages_asked_for(server, tmp_path):
    text = letterhead(server, tmp_path, "fr", "ht")
    assert "RÉPUBLIQUE D’UTOPIE" in text and "Sèvis nasyonal migrasyon" in text and "Servicio" not in text
    assert not server.events("names_missing")


def test_a_language_that_policy_leaves_out_is_told_and_stood_in_for(authority, tmp_path):
    server = changed(tmp_path, authority, lambda text: re.sub(r"    \w+_fr = [^\n]+\n", "", text)).start()
    try:
        text = letterhead(server, tmp_path, "fr", "es")
        assert "National Migration Service" in text and "Servicio Nacional de Migración" in text
        told = server.events("names_missing")
        assert {(t["authority"], t["language"]) for t in told} == {("migration", "fr"), ("treasury", "fr")}
    finally:
        server.stop()


@pytest.mark.parametrize("key,value,words", [
    ("name_fr", None, r"policy\.conf:\d+: authorities\[0\]\.id: has other names in fr, but no name"),
    ("state_pt", None, r"policy\.conf:\d+: authorities\[0\]\.id: has other names in pt, but no state"),
    ("name_ht", "Sèvis nasyonal migrasyon ak tout lòt bagay ki pa ka kenbe sou yon sèl liy paj sa a",
     "policy: authority migration: name_ht: the text does not fit its place"),
    ("ministry_pt", "\U00013000", "policy: authority migration: ministry_pt: a character has no glyph"),
    ("post_fr", "Directrice adjointe de la documentation et de toutes les autres affaires du service",
     "policy: officer spiffe://.*: post_fr: the text does not fit its place")])
def test_names_that_can_not_be_printed_keep_a_server_from_starting(authority, tmp_path, key, value, words):
    line = re.compile(rf'    {key} = "[^"]+";\n')
    put = f'    {key} = "{value}";\n' if value else ""
    server = changed(tmp_path, authority, lambda text: line.sub(put, text, count=1))
    with pytest.raises(RuntimeError) as failed:
        server.start()
    assert re.search(words, str(failed.value)), failed.value
