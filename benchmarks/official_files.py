"""Made-up files in place of what the official examples download: their names and forms, few rows.

Pictures are noise, words are drawn from a short list. Everything lies in one folder, as after a
download and `unzip`; what a script expects at the root of the machine lies below `root/` (see
`official_data.moved`).
"""

from __future__ import annotations

import io
import json
import tarfile
import wave
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

WORDS = [
    "the", "a", "of", "and", "in", "to", "is", "it", "was", "that", "for", "on", "with", "as",
    "this", "but", "film", "movie", "one", "good", "bad", "great", "time", "story", "people",
    "very", "well", "much", "character", "plot", "scene", "actor", "never", "always", "some", "any",
    "only", "first", "last", "love", "life", "world", "man", "woman", "cat", "sat", "mat", "day",
    "night", "way", "old", "new", "little", "own", "other", "many", "more", "most",
]

_KINDS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}


class Maker:
    """Writes made-up files into a folder, the same each time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.draws = folder, np.random.default_rng(0)
        self._pictures: dict[tuple[object, ...], bytes] = {}

    def write(self, name: str, content: bytes | str) -> None:
        """A file with this content."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def picture(self, name: str, size: tuple[int, int] = (64, 48), most: int = 255,
                grey: bool = False) -> None:
        """A picture of noise, of width and height `size`; one of three of its kind."""
        kind, which = Path(name).suffix, int(self.draws.integers(3))
        key = kind, size, most, grey, which
        if key not in self._pictures:
            shape = size[::-1] if grey else (*size[::-1], 3)
            kept = io.BytesIO()
            noise = self.draws.integers(0, most, shape).astype("uint8")
            Image.fromarray(noise).save(kept, _KINDS[kind])
            self._pictures[key] = kept.getvalue()
        self.write(name, self._pictures[key])

    def words(self, count: int) -> str:
        """So many words in a row."""
        return " ".join(self.draws.choice(WORDS, count))

    def array(self, name: str, array: np.ndarray) -> None:
        """A file of numpy's."""
        kept = io.BytesIO()
        np.save(kept, array)
        self.write(name, kept.getvalue())

    def table(self, name: str, rows: list[list[object]], by: str = ",") -> None:
        """Lines of columns."""
        self.write(name, "".join(by.join(map(str, row)) + "\n" for row in rows))

    def zipped(self, name: str, contents: Mapping[str, str | bytes]) -> None:
        """A zip with these files."""
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w") as archive:
            for inner, text in contents.items():
                archive.writestr(inner, text)
        self.write(name, kept.getvalue())

    def sound(self, name: str, seconds: float, rate: int = 16000) -> None:
        """Noise, 16 bits, one channel."""
        kept = io.BytesIO()
        with wave.open(kept, "wb") as stream:
            stream.setnchannels(1)
            stream.setsampwidth(2)
            stream.setframerate(rate)
            stream.writeframes(self.draws.integers(-9999, 9999, int(seconds * rate)).astype("<i2"))
        self.write(name, kept.getvalue())


def make_files(folder: Path) -> None:
    """All of them, into an empty folder."""
    maker = Maker(folder)
    for make in _MAKERS:
        make(maker)


def _pictures(m: Maker) -> None:
    for n in range(60):
        m.picture(f"PetImages/Cat/{n}.jpg")
        m.picture(f"PetImages/Dog/{n}.jpg")
        m.picture(f"left/{n:05}.jpg")
        m.picture(f"right/{n:05}.jpg")
        m.picture(f".keras/left/{n:05}.jpg")
        m.picture(f".keras/right/{n:05}.jpg")
        m.picture(f"BSDS500/data/images/train/{n}.jpg")
        m.picture(f"BSDS500/data/images/test/{n}.jpg")
    for n in range(1060):  # a thousand are held back
        m.picture(f"images/pet_{n:03}.jpg")
        m.picture(f"annotations/trimaps/pet_{n:03}.png", most=3, grey=True)
    m.picture("PetImages/Cat/6779.jpg")
    m.picture("photograph.jpg", (320, 240))
    one = (m.folder / "images/pet_000.jpg").read_bytes()
    m.zipped("data.zip", {f"img_align_celeba/{n:06}.jpg": one for n in range(60)})
    for n in range(420):
        m.picture(f"lol_dataset/our485/low/{n}.png", (150, 140))
        m.picture(f"lol_dataset/our485/high/{n}.png", (150, 140))
    for n in range(15):
        m.picture(f"lol_dataset/eval15/low/{n}.png", (150, 140))
        m.picture(f"lol_dataset/eval15/high/{n}.png", (150, 140))
    for _ in range(80):
        text = "".join(m.draws.choice(list("2345678bcdefgmnpwxy"), 5))
        m.picture(f"captcha_images_v2/{text}.png", (200, 50))
    parsing = "instance-level_human_parsing/instance-level_human_parsing/Training"
    for n in range(1010):
        m.picture(f"{parsing}/Images/{n:07}.jpg", (32, 24))
        m.picture(f"{parsing}/Category_ids/{n:07}.png", (32, 24), most=20, grey=True)


def _texts(m: Maker) -> None:
    for part in ("train/pos", "train/neg", "train/unsup", "test/pos", "test/neg"):
        for n in range(80):
            m.write(f"aclImdb/{part}/{n}_7.txt", m.words(60))
    m.write("aclImdb/train/pos/6248_7.txt", m.words(60))
    groups = ("alt.atheism", "comp.graphics", "rec.autos", "sci.space")
    for place in ("20_newsgroup",):
        for group in groups:
            for n in range(38960, 39000):
                head = "".join(f"Header-{k}: {group}\n" for k in range(10))
                m.write(f"{place}/{group}/{n}", f"{head}\n{m.words(60)}")
    for size in (100,):
        lines = [f"{word} " + " ".join(f"{v:.3f}" for v in m.draws.normal(size=size)) for word in WORDS]
        for name in (f"glove.6B.{size}d.txt", f"glove.6B/glove.6B.{size}d.txt"):
            m.write(name, "\n".join(lines) + "\n")
    m.write("nietzsche.txt", m.words(3000))
    pairs = [(m.words(4), m.words(5)) for _ in range(3000)]
    m.write("fra.txt", "".join(f"{a}\t{b}\tCC-BY\n" for a, b in pairs))
    m.write("fra-eng/fra.txt", "".join(f"{a}\t{b}\n" for a, b in pairs))
    m.write("spa-eng/spa.txt", "".join(f"{a}\t{b}\n" for a, b in pairs))
    captions, images = [], []
    for n in range(7100):
        images.append(f"{n}.jpg")
        captions += [f"{n}.jpg#{k}\t{m.words(8)}\n" for k in range(5)]
    m.write("Flickr8k.token.txt", "".join(captions))
    m.picture("Flicker8k_Dataset/0.jpg", (32, 24))
    first = (m.folder / "Flicker8k_Dataset/0.jpg").read_bytes()
    for image in images[1:]:
        m.write(f"Flicker8k_Dataset/{image}", first)
    _stories(m)
    m.write("wordlists/wordlist_mono_clean.txt",
            "".join(f"{a}{b}{c}\n" for a in "abcdefghij" * 2 for b in "klmnopqrst" * 4
                    for c in "uvwxyz" * 4))
    m.write("wordlists/wordlist_bi_clean.txt",
            "".join(f"{a}{b} {b}{a}\n" for a in "abcdefghij" * 10 for b in "klmnopqrstuvwxyz" * 10))


def _stories(m: Maker) -> None:
    """Tales with questions, as of bAbI."""
    people, places = ("Mary", "John", "Daniel", "Sandra"), ("kitchen", "garden", "office", "hallway")
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz") as tar:
        for task in ("qa1_single-supporting-fact", "qa2_two-supporting-facts"):
            for size, stories in (("en", 200), ("en-10k", 300)):
                for part in ("train", "test"):
                    lines = []
                    for _ in range(stories):
                        for n in range(1, 6, 2):
                            who, where = m.draws.choice(people), m.draws.choice(places)
                            lines.append(f"{n} {who} went to the {where}.\n")
                            lines.append(f"{n + 1} Where is {who}? \t{where}\t{n}\n")
                    data = "".join(lines).encode()
                    entry = tarfile.TarInfo(f"tasks_1-20_v1-2/{size}/{task}_{part}.txt")
                    entry.size = len(data)
                    tar.addfile(entry, io.BytesIO(data))
    m.write("babi-tasks-v1-2.tar.gz", kept.getvalue())


def _tables(m: Maker) -> None:
    draws = m.draws
    ratings = [["userId", "movieId", "rating", "timestamp"]] + [
        [draws.integers(1, 100), draws.integers(1, 300), draws.integers(1, 10) / 2, 9e8 + n]
        for n in range(3000)]
    m.zipped("ml-latest-small.zip", {"ml-latest-small/ratings.csv": "\n".join(
        ",".join(map(str, row)) for row in ratings), "ml-latest-small/movies.csv":
        "movieId,title,genres\n" + "".join(f"{n},Film {n},Drama\n" for n in range(1, 301))})
    kinds = ["Action", "Drama", "Comedy|War"]
    m.zipped("movielens.zip", {
        "ml-1m/users.dat": "".join(
            f"{n}::{'FM'[n % 2]}::{n % 7}::{n % 20}::{n:05}\n" for n in range(1, 101)),
        "ml-1m/movies.dat": "".join(f"{n}::Film {n}::{kinds[n % 3]}\n" for n in range(1, 301)),
        "ml-1m/ratings.dat": "".join(
            f"{draws.integers(1, 101)}::{draws.integers(1, 301)}::{draws.integers(1, 6)}::{n}\n"
            for n in range(3000))})
    columns = ("Date Time", "p (mbar)", "T (degC)", "Tpot (K)", "Tdew (degC)", "rh (%)", "VPmax (mbar)",
               "VPact (mbar)", "VPdef (mbar)", "sh (g/kg)", "H2OC (mmol/mol)", "rho (g/m**3)",
               "wv (m/s)", "max. wv (m/s)", "wd (deg)")
    times = np.datetime64("2009-01-01T00:10:00") + 10 * np.arange(12000).astype("timedelta64[m]")
    values = draws.normal(size=(12000, 14)).round(2)
    m.zipped("jena_climate_2009_2016.csv.zip", {"jena_climate_2009_2016.csv": ",".join(columns) + "\n"
             + "".join(f"{time}," + ",".join(map(str, row)) + "\n" for time, row in
                       zip(times, values, strict=True))})
    stamps = np.datetime64("2014-04-01T00:00:00") + 5 * np.arange(4032).astype("timedelta64[m]")
    for name in ("art_daily_small_noise.csv", "art_daily_jumpsup.csv"):
        m.table(name, [["timestamp", "value"], *(
            [str(t).replace("T", " "), f"{draws.normal(40, 20):.3f}"] for t in stamps)])
    m.table("PeMSD7_W_228.csv", (draws.random((228, 228)) * 9000).round(1).tolist())
    m.table("PeMSD7_V_228.csv", (draws.random((3000, 228)) * 70).round(1).tolist())
    for part in ("TRAIN", "TEST"):
        m.table(f"FordA_{part}.tsv", [[draws.choice([-1, 1]), *row] for row in
                                      draws.normal(size=(300, 500)).round(4)], by="\t")
    m.table("creditcard.csv", [["Time", *(f"V{n}" for n in range(1, 29)), "Amount", "Class"], *(
        [n, *draws.normal(size=29).round(4), f'"{int(draws.random() < 0.05)}"'] for n in range(3000))])
    m.table("heart.csv", [["age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang",
                           "oldpeak", "slope", "ca", "thal", "target"], *(
        [draws.integers(30, 70), draws.integers(2), draws.integers(4), draws.integers(95, 180),
         draws.integers(150, 400), draws.integers(2), draws.integers(3), draws.integers(90, 200),
         draws.integers(2), round(draws.random() * 4, 1), draws.integers(3), draws.integers(4),
         draws.choice(["fixed", "normal", "reversible"]), draws.integers(2)] for _ in range(303))])
    _people(m)
    _waves(m)


def _people(m: Maker) -> None:
    """Rows as of the census, the test's with a first line that is no row and points behind labels."""
    draws = m.draws
    for name, dot, head in (("adult.data", "", []), ("adult.test", ".", [["|1x3 Cross validator"]])):
        rows = [[draws.integers(17, 90), draws.choice([" Private", " State-gov"]), draws.integers(9999),
                 draws.choice([" Bachelors", " HS-grad"]), draws.integers(1, 16),
                 draws.choice([" Divorced", " Never-married"]),
                 draws.choice([" Sales", " Tech-support"]),
                 draws.choice([" Husband", " Wife"]), draws.choice([" White", " Black"]),
                 draws.choice([" Male", " Female"]), draws.integers(5000), draws.integers(2000),
                 draws.integers(10, 60), draws.choice([" Cuba", " Germany"]),
                 draws.choice([" <=50K", " >50K"]) + dot] for _ in range(1500)]
        m.table(name, [*([*line, *([0] * 13), " <=50K."] for line in head), *rows])


def _waves(m: Maker) -> None:
    """Brain waves with their labels."""
    labels = [f"{kind}-{n}" for kind in ("blink", "math", "relax", "music") for n in (1, 2)]
    header = ["Unnamed: 0", "id", "indra_time", "raw_values", "label", "signal_quality",
              "browser_latency", "reading_time", "attention_esense", "meditation_esense",
              "updatedAt", "createdAt"]
    lines = [",".join(header)]
    for n in range(900):
        raw = json.dumps(m.draws.normal(size=512).round(1).tolist())
        lines.append(f'{n},{n % 30},0,"{raw}",{labels[n % 8]},{n % 150},0,0,0,0,0,0')
    m.write("eeg-data.csv", "\n".join(lines) + "\n")


def _others(m: Maker) -> None:
    draws = m.draws
    m.write("imagenet_class_index.json", json.dumps(
        {n: [f"n{n:08}", f"class{n}"] for n in range(1000)}))
    m.array("moving_mnist.npy", draws.integers(0, 255, (20, 200, 64, 64)).astype("uint8"))
    for part in ("train", "test"):
        m.array(f"{part}_data.npy", draws.normal(size=(60, 20, 1024)).astype("float32"))
        m.array(f"{part}_labels.npy", draws.integers(0, 5, (60, 1)))
        m.table(f"{part}.csv", [["video_name", "tag"], *(
            [f"v{n}.avi", f"Tag{n % 5}"] for n in range(60))])
    for person in "abcde":
        for n in range(30):
            m.sound(f"16000_pcm_speeches/audio/speaker_{person}/{n}.wav", 1.0)
    for kind in ("other", "_background_noise_"):
        m.sound(f"16000_pcm_speeches/noise/{kind}/0.wav", 3.0)
    lines = []
    for n in range(120):
        m.sound(f"root/datasets/LJSpeech-1.1/wavs/LJ{n:03}.wav", 1.0, 22050)
        lines.append(f"LJ{n:03}|{m.words(6)}|{m.words(6)}\n")
    m.write("root/datasets/LJSpeech-1.1/metadata.csv", "".join(lines))
    for n in range(40):
        m.picture(f"root/101_ObjectCategories/airplanes/image_{n:04}.jpg")
        kept = io.BytesIO()
        scipy.io.savemat(kept, {"box_coord": np.array([[5, 40, 5, 50]])})
        m.write(f"root/Annotations/Airplanes_Side_2/annotation_{n:04}.mat", kept.getvalue())
    parts = "root/tmp/.keras/datasets/PartAnnotation"
    m.write(f"{parts}/metadata.json", json.dumps({"Airplane": {
        "directory": "02691156", "lables": ["wing", "body", "tail", "engine"],
        "colors": ["blue", "green", "red", "pink"]}}))
    for n in range(310):
        m.table(f"{parts}/02691156/points/{n}.pts",
                draws.normal(size=(1100, 3)).round(3).tolist(), by=" ")
        chosen = draws.integers(0, 4, 1100)
        for k, label in enumerate(("wing", "body", "tail", "engine")):
            m.table(f"{parts}/02691156/points_label/{label}/{n}.seg", [[int(c == k)] for c in chosen])


_MAKERS: tuple[Callable[[Maker], None], ...] = (_pictures, _texts, _tables, _others)
