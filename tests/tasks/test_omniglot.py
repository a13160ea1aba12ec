"""Omniglot from small made-up archives: reading, caching, downloading, splits, each error."""

import hashlib
import io
import os
import urllib.error
import urllib.request
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image

from minimeta.tasks import DataError, omniglot, omniglot_splits
from minimeta.tasks import files, omniglot_archive
from minimeta.tasks.omniglot_archive import Archive, read_archive, shrink

BACKGROUND = {"Greek": 2, "Latin": 1}
EVALUATION = {"Runic": 2}


def png(paper):
    """A 105 x 105 1-bit PNG of a boolean array, True where the paper is white."""
    file = io.BytesIO()
    Image.fromarray(paper).save(file, "PNG")
    return file.getvalue()


def pack(folder, alphabets, examples=20, size=105):
    """The bytes of an archive like the published ones; a black block moves with each drawing."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("__MACOSX/Greek/character01/._0001_01.png", b"rubbish")
        archive.writestr(f"{folder}/Greek/.DS_Store", b"rubbish")
        for a, (alphabet, characters) in enumerate(sorted(alphabets.items())):
            for c in range(characters):
                for e in reversed(range(examples)):
                    paper = np.ones((size, size), bool)
                    paper[15 + 3 * e:30 + 3 * e, 15 * a:15 * a + 15 + 30 * c] = False
                    name = f"{folder}/{alphabet}/character{c + 1:02d}/{a}{c}00_{e + 1:02d}.png"
                    archive.writestr(name, png(paper))
    return file.getvalue()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data folder with two good archives, an empty cache, and no network."""
    folder = tmp_path / "data" / "omniglot"
    folder.mkdir(parents=True)
    (folder / "images_background.zip").write_bytes(pack("images_background", BACKGROUND))
    (folder / "images_evaluation.zip").write_bytes(pack("images_evaluation", EVALUATION))
    monkeypatch.setenv("MINIMETA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MINIMETA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(omniglot_archive, "ARCHIVES", {
        "images_background.zip": Archive("no such md5", 3),
        "images_evaluation.zip": Archive("no such md5", 2)})

    def offline(url, timeout):
        raise urllib.error.URLError("no network")
    monkeypatch.setattr(urllib.request, "urlopen", offline)
    return folder


def serve(monkeypatch, body, length=True):
    """Let every URL answer with `body`; a list that fills with the URLs asked."""
    asked = []

    class Answer(io.BytesIO):
        headers = {"Content-Length": str(len(body))} if length else {}

    def urlopen(url, timeout):
        asked.append(url)
        return Answer(body)
    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def fails(match, call=omniglot.load):
    with pytest.raises(DataError, match=match) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_images_are_sorted_and_ink_is_high(data):
    images, names = read_archive("images_background.zip")
    assert names == ["Greek/character01", "Greek/character02", "Latin/character01"]
    assert images.shape == (3, 20, 28, 28) and images.dtype == np.uint8
    assert images[0, 0, 5, 1] == 255 and images[0, 0, 20, 20] == 0
    rows = (np.arange(28)[:, None] * images[0].sum(axis=2)[..., None]).sum(axis=(1, 2))
    assert (np.diff(rows) > 0).all(), "drawings in the order of their numbers"


def test_shrinking_is_a_mean_so_that_ink_is_kept():
    paper = np.ones((105, 105), bool)
    paper[40:42, :] = False
    small = shrink(png(paper))
    assert abs(small.mean() / 255 - 2 / 105) < 0.1 * 2 / 105
    assert (small.sum(axis=0) > 0).all()


def test_load_and_its_hash(data):
    plain, turned = omniglot.load("background"), omniglot.load("background", rotated=True)
    assert plain.names[1] == "Greek/character02/rot000" and plain.images.shape[0] == 3
    assert turned.images.shape == (12, 20, 28, 28)
    assert turned.names[4:8] == [f"Greek/character02/rot{d:03d}" for d in (0, 90, 180, 270)]
    assert (turned.images[4] == plain.images[1]).all()
    assert (turned.images[5] == np.rot90(plain.images[1], axes=(1, 2))).all()
    hashes = {plain.hash, turned.hash, omniglot.load("evaluation").hash}
    assert len(hashes) == 3 and omniglot.load().hash == plain.hash
    assert all(len(h) == 10 and int(h, 16) >= 0 for h in hashes)
    assert plain.hash == hashlib.sha256("\n".join(plain.names).encode()).hexdigest()[:10]
    assert "12 classes" in turned.about and "not rotated" in plain.about


def test_rot090_is_counter_clockwise():
    corner = np.zeros((1, 1, 2, 2), np.uint8)
    corner[0, 0, 0, 1] = 1                          # top right goes to top left
    images, names = omniglot.rotations(corner, ["A/character01"])
    assert names[1] == "A/character01/rot090" and images[1, 0, 0, 0] == 1
    by_pillow = np.asarray(Image.fromarray(corner[0, 0]).rotate(90))
    assert (images[1, 0] == by_pillow).all()


def test_splits_rotate_the_parts_that_are_named(data):
    default = omniglot_splits()
    assert [len(default[p].images) for p in ("train", "test")] == [12, 2]
    both = omniglot_splits("background", rotated=("train", "test"))
    assert len(both["test"].images) == 8 and len(both["test"].names) == 8
    assert len(omniglot_splits(rotated=())["train"].images) == 3
    assert not set(both["train"].names) & set(both["test"].names)


@pytest.mark.parametrize("call, match", [
    (lambda: omniglot_splits("lake"), "unknown kind of split 'lake': use 'background' or"),
    (lambda: omniglot_splits(rotated=("val",)), "must be a tuple of 'train' and 'test'"),
    (lambda: omniglot_splits(rotated="train"), "must be a tuple"),
    (lambda: omniglot_splits("vinyals", rotated=()), "leave `rotated` out"),
    (lambda: omniglot.load("vinyals/val", rotated=True), "leave `rotated` out"),
    (lambda: omniglot.load("test"), "unknown Omniglot split 'test': use one of background, "),
])
def test_wrong_arguments(data, call, match):
    with pytest.raises(ValueError, match=match):
        call()


# The cache

def count_decodes(monkeypatch):
    calls, real = [], omniglot_archive.decode
    monkeypatch.setattr(omniglot_archive, "decode",
                        lambda path, packed: calls.append(path.name) or real(path, packed))
    return calls


def test_the_second_load_reads_the_cache(data, monkeypatch):
    decodes = count_decodes(monkeypatch)
    first, second = omniglot.load(), omniglot.load()
    assert decodes == ["images_background.zip"]
    assert (first.images == second.images).all() and first.names == second.names
    assert all(type(name) is str for name in second.names)


def test_a_changed_archive_is_read_anew_even_with_its_old_date(data, monkeypatch):
    path = data / "images_background.zip"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    before = omniglot.load()
    path.write_bytes(pack("images_background", {"Greek": 1, "Norse": 2}))
    os.utime(path, ns=times)
    assert omniglot.load().names != before.names


@pytest.mark.parametrize("harm", [
    lambda b: b"", lambda b: b[:len(b) // 2], lambda b: b"not an archive",
    lambda b: b[:5000] + bytes([b[5000] ^ 255]) + b[5001:],
    lambda b: saved(images=np.zeros((1, 20, 28, 28), np.uint8), names=np.array(["a"])),
    lambda b: saved(images=np.zeros((3, 20, 28, 28)), names=np.array(["a", "b", "c"])),
    lambda b: saved(other=np.zeros(3)),
    lambda b: saved(images=np.zeros((3, 20, 28, 28), np.uint8), names=np.array([{}], object)),
], ids=["empty", "cut", "text", "bit", "count", "dtype", "keys", "pickle"])
def test_a_damaged_cache_is_rebuilt(data, monkeypatch, harm):
    good = omniglot.load()
    (cache,) = files.cache_folder().iterdir()
    whole = cache.read_bytes()
    cache.write_bytes(harm(whole))
    decodes = count_decodes(monkeypatch)
    again = omniglot.load()
    assert (again.images == good.images).all() and again.names == good.names
    omniglot.load()
    assert len(decodes) == 1 and len(list(files.cache_folder().iterdir())) == 1


def saved(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_a_cache_that_cannot_be_written_costs_time_only(data, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MINIMETA_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="cannot be written .* set MINIMETA_CACHE"):
        assert len(omniglot.load().images) == 3


def test_nothing_is_written_beside_the_archives(data):
    before = sorted(data.rglob("*"))
    omniglot_splits()
    assert sorted(data.rglob("*")) == before


def test_folders_follow_the_environment(monkeypatch, tmp_path):
    for name in ("MINIMETA_DATA", "MINIMETA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.data_folder("omniglot") == tmp_path / ".cache" / "minimeta" / "omniglot"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert files.cache_folder() == tmp_path / "x" / "minimeta"
    monkeypatch.setenv("MINIMETA_CACHE", str(tmp_path / "c"))
    assert files.data_folder("omniglot") == tmp_path / "c" / "omniglot"
    monkeypatch.setenv("MINIMETA_DATA", str(tmp_path / "d"))
    assert files.data_folder("omniglot") == tmp_path / "d" / "omniglot"


# Archives that are no good

def first_image_harmed(whole):
    at = whole.index(b"IDAT") + 10
    return whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1:]


@pytest.mark.parametrize("harm, match", [
    (lambda b: b"", "images_background.zip is empty: delete it and run again to download it"),
    (lambda b: b[:len(b) // 2], r"images_background.zip is damaged \(.*not a zip file.*\): delete"),
    (lambda b: b"<html>404</html>", r"is damaged \(.*\): delete it"),
    (first_image_harmed, r"is damaged \(Bad CRC-32 .*\): delete it"),
    (lambda b: pack("x", BACKGROUND, size=100), r"is damaged \(an image of \(100, 100\), not"),
    (lambda b: pack("x", {"Greek": 2}), "holds 2 characters, not 3: delete it"),
    (lambda b: pack("x", BACKGROUND, examples=19), "holds 19 images of Greek/character01, not 20"),
], ids=["empty", "cut", "html", "crc", "size", "characters", "examples"])
def test_a_bad_archive_is_one_clear_line(data, harm, match):
    path = data / "images_background.zip"
    path.write_bytes(harm(path.read_bytes()))
    assert str(path) in fails(match)
    assert not files.cache_folder().exists(), "nothing bad is cached"


def test_a_png_that_is_no_png(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/Greek/character01/0001_01.png", b"rubbish")
    (data / "images_background.zip").write_bytes(file.getvalue())
    fails("is damaged .*cannot identify image")


def test_an_archive_that_cannot_be_read(data):
    path = data / "images_background.zip"
    path.unlink()
    path.mkdir()
    fails("images_background.zip cannot be read .*MINIMETA_DATA")


# Downloads

def test_no_network_and_no_data(data):
    path = data / "images_background.zip"
    path.unlink()
    message = fails(r"could not be downloaded from https://.*images_background.zip \(no network\)")
    assert str(path) in message and "MINIMETA_DATA" in message
    assert not list(data.glob("*background*")) and not list(data.glob(".*"))


def test_a_good_download_is_checked_and_kept(data, monkeypatch):
    path = data / "images_background.zip"
    body = path.read_bytes()
    path.unlink()
    archives = {path.name: Archive(hashlib.md5(body).hexdigest(), 3)}
    monkeypatch.setattr(omniglot_archive, "ARCHIVES", archives)
    asked = serve(monkeypatch, body)
    assert len(omniglot.load().images) == 3 and path.read_bytes() == body
    omniglot.load()
    assert asked == [
        "https://github.com/brendenlake/omniglot/raw/master/python/images_background.zip"]


@pytest.mark.parametrize("length", [True, False])
def test_a_download_with_a_wrong_md5_leaves_nothing(data, monkeypatch, length):
    path = data / "images_background.zip"
    body = path.read_bytes()
    path.unlink()
    serve(monkeypatch, body, length)
    fails(f"sent a file whose MD5 is {hashlib.md5(body).hexdigest()}, not no such md5: try again")
    assert [p.name for p in data.iterdir()] == ["images_evaluation.zip"]


@pytest.mark.parametrize("error", [TimeoutError("timed out"), ConnectionResetError("reset"),
                                   KeyboardInterrupt()])
def test_a_broken_download_leaves_nothing(data, monkeypatch, error):
    path = data / "images_background.zip"
    path.unlink()

    class Answer(io.BytesIO):
        headers = {}

        def read(self, size):
            if self.tell():
                raise error
            return super().read(size)
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Answer(b"x" * 10**6))
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else DataError):
        omniglot.load()
    assert [p.name for p in data.iterdir()] == ["images_evaluation.zip"]


def test_a_data_folder_that_cannot_be_written(data, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MINIMETA_DATA", str(tmp_path / "file"))
    serve(monkeypatch, b"")
    fails("images_background.zip .*MINIMETA_DATA")


def test_the_bar_is_for_a_terminal_only(data, monkeypatch, capsys, tmp_path):
    digest = hashlib.md5(b"body").hexdigest()
    serve(monkeypatch, b"body")
    files.download("https://x", tmp_path / "a.zip", "md5", digest)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    files.download("https://x", tmp_path / "a.zip", "md5", digest)
    out, err = capsys.readouterr()
    assert out == "" and "a.zip" in err


# Vinyals' lists

def write_lists(data, **lists):
    folder = data / "splits" / "vinyals"
    folder.mkdir(parents=True, exist_ok=True)
    for part, names in lists.items():
        (folder / f"{part}.txt").write_text("".join(f"{name}\n" for name in names))


def test_vinyals_order_and_rotations_are_the_lists(data):
    write_lists(data, train=["Runic/character02/rot090", "Greek/character01/rot000"],
                val=["Greek/character02/rot180"], test=["Latin/character01/rot270"])
    splits = omniglot_splits("vinyals")
    assert list(splits) == ["train", "val", "test"]
    background, evaluation = omniglot.load("background"), omniglot.load("evaluation")
    expected = [np.rot90(evaluation.images[1], 1, axes=(1, 2)), background.images[0]]
    assert (splits["train"].images == np.stack(expected)).all()
    assert splits["train"].names == ["Runic/character02/rot090", "Greek/character01/rot000"]
    assert (splits["val"].images[0] == background.images[1][:, ::-1, ::-1]).all()
    assert (splits["test"].images[0] == np.rot90(background.images[2], 3, axes=(1, 2))).all()


@pytest.mark.parametrize("text, match", [
    (b"", r"val.txt is empty: delete it"),
    (b"Greek/character01\n", r"val.txt holds 'Greek/character01', not Alphabet/character/rotDDD"),
    (b"Greek/character01/rot045\n", "holds 'Greek/character01/rot045', not"),
    (b"Greek/character01/rot000\n" * 2, "val.txt names a class twice"),
    (b"Greek/character09/rot000\n", "names Greek/character09, which is in neither archive"),
    (b"\xff\xfe", "val.txt is not text"),
])
def test_a_bad_list_is_one_clear_line(data, text, match):
    write_lists(data, val=[])
    (data / "splits" / "vinyals" / "val.txt").write_bytes(text)
    fails(match, lambda: omniglot.load("vinyals/val"))


def test_lists_are_downloaded_with_a_checksum(data, monkeypatch):
    path = data / "splits" / "vinyals" / "val.txt"
    fails("val.txt is missing and could not be", lambda: omniglot.load("vinyals/val"))
    body = b"Greek/character01/rot000\n"
    asked = serve(monkeypatch, body)
    fails("SHA256 is .*, not 11f99e54", lambda: omniglot.load("vinyals/val"))
    assert not path.exists()
    monkeypatch.setitem(omniglot.LISTS, "val", hashlib.sha256(body).hexdigest())
    assert omniglot.load("vinyals/val").names == ["Greek/character01/rot000"]
    assert path.read_bytes() == body and all(url.endswith("/vinyals/val.txt") for url in asked)


# The real data

@pytest.fixture
def real(tmp_path, monkeypatch):
    """The archives that MINIMETA_DATA names, and a fresh cache."""
    names = *omniglot_archive.ARCHIVES, *(f"splits/vinyals/{part}.txt" for part in omniglot.LISTS)
    folder = files.data_folder("omniglot")
    if not os.environ.get("MINIMETA_DATA") or not all((folder / n).exists() for n in names):
        pytest.skip("needs the real Omniglot: set MINIMETA_DATA to the folder that holds it")
    monkeypatch.setenv("MINIMETA_CACHE", str(tmp_path))


def test_the_real_splits(real):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        splits = omniglot_splits()
        vinyals = omniglot_splits("vinyals")
    assert {p: s.images.shape[0] for p, s in splits.items()} == {"train": 3856, "test": 659}
    assert {p: s.images.shape[0] for p, s in vinyals.items()} == {
        "train": 4112, "val": 688, "test": 1692}
    trainval = omniglot.load("vinyals/trainval")
    assert set(trainval.names) == set(vinyals["train"].names) | set(vinyals["val"].names)
    for parts in splits, vinyals:
        sets = [{name.rpartition("/")[0] for name in s.names} for s in parts.values()]
        assert sum(map(len, sets)) == len(set().union(*sets)), "no character in two parts"
        for s in parts.values():
            assert s.images.shape[1:] == (20, 28, 28) and s.images.dtype == np.uint8
            assert len(s.names) == len(s.images)
            assert 0.03 < s.images.mean() / 255 < 0.12 and s.images.max(axis=(2, 3)).min() > 100
    by_name = dict(zip(splits["train"].names, splits["train"].images))
    for name, images in list(zip(vinyals["train"].names, vinyals["train"].images))[::97]:
        if name in by_name:
            assert (by_name[name] == images).all()
    for part, digest in omniglot.LISTS.items():
        path = files.data_folder("omniglot") / "splits" / "vinyals" / f"{part}.txt"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
