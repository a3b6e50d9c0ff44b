"""What a listener hears: the singer's level in a recording of the sink, beside the song's own."""
import array, math, os, statistics, subprocess, time, wave

from .player import CROON, ROOT, Home, Screen, report
from .sound import BAND_RIGHT, MARK, SOUND_RATE, STEP, Sound, singers

def samples(path, channels):
    """A file's sound as floats at the sink's rate, by ffmpeg."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ar", str(SOUND_RATE), "-ac", str(channels), "-"]
    pcm = array.array("f")
    pcm.frombytes(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return pcm


def made_pair(seconds=200):
    """A singer (an open vowel with vibrato) and a band, one channel each."""
    voice, band = array.array("f"), array.array("f")
    for n in range(SOUND_RATE * 4):
        t = n / SOUND_RATE
        vibrato = 0.3 * math.sin(2 * math.pi * 5.5 * t)
        band.append(0.1 * (math.sin(2 * math.pi * 110 * t) + math.sin(2 * math.pi * 165 * t)))
        voice.append(sum(0.25 * (1 / (1 + ((220 * k - 700) / 250) ** 2) + 0.5 / (1 + ((220 * k - 1200) / 250) ** 2))
                         * math.sin(2 * math.pi * 220 * k * t + k * vibrato) for k in range(1, 12)))
    return voice * (seconds // 4), band * (seconds // 4)


def duet(path):
    """Writes the singer in the middle of a wide band, which `singers` can take away again; the energies heard of it, per 5 ms."""
    pair = os.environ.get("PAIR")
    voice, band = (samples(os.path.join(pair, name), 1) for name in ("vocals.ogg", "accompaniment.ogg")) if pair else made_pair()
    # Begins where the singer rests least in the first twelve seconds, so that there is something to hear go.
    parts = [sum(x * x for x in voice[at : at + SOUND_RATE // 2 : 8]) for at in range(0, len(voice), SOUND_RATE // 2)]
    begin = max(range(max(1, min(60, len(parts) - 120))), key=lambda n: min(parts[n : n + 24])) * (SOUND_RATE // 2)
    voice, band, energies = voice[begin:], band[begin:], []
    frames = min(len(voice), len(band), SOUND_RATE * 200)
    with wave.open(path, "wb") as w:
        w.setnchannels(2), w.setsampwidth(2), w.setframerate(SOUND_RATE)
        for at in range(0, frames - STEP + 1, STEP):
            mark = MARK_LEVEL if marked(at / SOUND_RATE) else 0
            both = list(zip(voice[at : at + STEP], band[at : at + STEP], MARK))
            left = [0.5 * (b + v) + mark * m for v, b, m in both]
            right = [0.5 * (v - BAND_RIGHT * b) - BAND_RIGHT * mark * m for v, b, m in both]
            energies.append((sum(x * x for x in left + right), singers(left, right)))
            w.writeframesraw(array.array("h", (int(32000 * max(-1, min(1, x))) for lr in zip(left, right) for x in lr)).tobytes())
    return energies


MARK_LEVEL = 0.02


def marked(seconds):
    """Every other five seconds carry a high tone, so that a jump of five seconds is heard at once."""
    return seconds // 5 % 2 == 1


class Singer:
    """How much of the singer is heard, against what the song's file holds at that place."""

    def __init__(self, song, sound, began):
        self.song, self.sound, self.origin = song, sound, began
        self.usual = statistics.mean(singer for _, singer in song)
        self.align(began + 0.1, 20, 60)

    def align(self, then, at, reach):
        """Finds the song's place at a moment, near 5 ms block `at`, by loudness over two seconds."""
        heard = [math.log(loud + 1e-6) for _, loud, _, _ in self.sound.since(then, 400)]
        song = [math.log(loud + 1e-6) for loud, _ in self.song]
        def apart(place):
            pairs = [(h, song[place + n]) for n, h in enumerate(heard) if 0 <= place + n < len(song)]
            if len(pairs) < 100:
                return math.inf
            mean = sum(h - s for h, s in pairs) / len(pairs)
            return sum((h - s - mean) ** 2 for h, s in pairs) / len(pairs)
        place = min(range(at - reach, at + reach + 1), key=apart)
        self.origin = then - place / 200

    def level(self, then, blocks=20):
        """The singer's level over `blocks` of 5 ms: 1 as in the file; nothing where the file's singer rests."""
        at = round((then - self.origin) * 200)
        wanted = sum(singer for _, singer in self.song[max(0, at) : at + blocks])
        heard = [singer for _, _, singer, _ in self.sound.since(then, blocks)]
        loud = self.usual * blocks
        return math.sqrt(sum(heard) / wanted) if len(heard) == blocks and wanted > loud / 4 else None

    def levels(self, since, until, blocks=20):
        found = [(then, self.level(then, blocks)) for then, _, _, _ in self.sound.since(since) if then < until]
        return [(then, level) for then, level in found if level is not None]


def listen():
    engine = os.environ.get("SEPARATOR", os.path.join(os.path.dirname(CROON), "croon-separator"))
    models = os.environ.get("MODELS", os.path.join(ROOT, "models"))
    rounds = int(os.environ.get("ROUNDS", "5"))
    names = ("Enter to first sound", "Enter to the singer gone", "fader to the ear", "seek in a separated song")
    figures, rests = {name: [] for name in names}, []
    for _ in range(rounds):
        with Home() as home:
            home.config(f'[library]\nauto_separate = false\n[playback]\nloudness = "off"\n'
                        f'[separation]\ncommand = ["{engine}", "serve", "--nice", "10", "--models", "{models}", "--model", "light"]\n')
            song = duet(os.path.join(home.music, "duet.wav"))
            sound = Sound(home)
            screen = Screen(home, home.music)
            screen.until(b"duet")
            screen.read(3)
            screen.keys("v" * 2)  # full, then off: whatever it began with is turned to none
            screen.keys("((((((((((((((((((((")
            screen.read(0.5)
            began = time.monotonic()
            screen.keys("\r")
            first = sound.first(began, 20, lambda loud, _: loud > 1e-3)
            figures["Enter to first sound"].append((first - began) * 1000)
            screen.read(12)
            singer = Singer(song, sound, first)
            levels = singer.levels(first, first + 11)
            screen.until(b"ready", 120)
            # The same again, now that all is separated: what is still heard of the singer is the model's doing.
            screen.keys("0")
            screen.read(13)
            again = Singer(song, sound, time.monotonic() - 12)
            again.align(time.monotonic() - 12, 200, 200)
            rest = [again.level(then - singer.origin + again.origin) or level for then, level in levels]
            full = statistics.median(level for then, level in levels[:40])
            rests.append(20 * math.log10(statistics.median(rest) / full))
            under = [level < 1.2 * left + 0.05 for (_, level), left in zip(levels, rest)]
            gone = [n for n in range(len(under)) if sum(under[n : n + 40]) >= 36]
            if gone:
                figures["Enter to the singer gone"].append((levels[gone[0]][0] - began) * 1000)
            if os.environ.get("TRACE"):
                print(*(f"{then - began:.2f}:{level:.2f}/{left:.2f}" for (then, level), left in list(zip(levels, rest))[::20]))
            singer = again
            faders(screen, sound, singer, song, figures["fader to the ear"])
            for _ in range(3):
                figures["seek in a separated song"] += seek(screen, sound, singer)
            screen.quit()
            sound.end()
    print(f"the singer that is left: {statistics.median(rests):.1f} dB (the model's doing)")
    wanted = ("at most 300", "at most 2000", "at most a device buffer and 20", "at most 100")
    for (name, values), bound in zip(figures.items(), wanted):
        print(f"{name}: not heard") if not values else report(name, values, "ms", bound)


def faders(screen, sound, singer, song, found):
    """Presses `v` where the singer sings on, and waits for the middle between the levels before and after."""
    for _ in range(6):
        screen.read(2.5)
        place = lambda: round((time.monotonic() - singer.origin) * 200)
        singer.align(time.monotonic() - 2.2, place() - 440, 20)
        loud = statistics.mean(energy for _, energy in song)
        for _ in range(400):
            if min(sum(e for _, e in song[n : n + 10]) for n in range(place(), place() + 80, 10)) > loud * 3:
                break
            screen.read(0.02)
        began = time.monotonic()
        screen.keys("v")
        screen.read(0.8)
        levels = singer.levels(began - 0.1, began + 0.5, 4)
        before = [level for then, level in levels if then < began]
        after = [level for then, level in levels if then > began + 0.3]
        if not before or not after:
            continue
        before, after = statistics.median(before), statistics.median(after)
        if abs(after - before) < 0.4:
            continue
        past = [(level - before) / (after - before) > 0.5 for _, level in levels]
        turns = [n for n in range(len(past) - 20) if sum(past[n : n + 20]) >= 18 and sum(past[max(0, n - 10) : n]) <= 1]
        if len(turns) and levels[turns[0]][0] > began:
            found.append((levels[turns[0]][0] - began) * 1000)


def seek(screen, sound, singer):
    """Milliseconds until the mark says that what is heard is five seconds on."""
    screen.read(2.5)
    now = time.monotonic()
    singer.align(now - 2.2, round((now - 2.2 - singer.origin) * 200), 250)
    while not 1.5 < (time.monotonic() - singer.origin) % 5 < 2.5:
        screen.read(0.02)
    began = time.monotonic()
    screen.keys("\x1b[C")
    screen.read(1)
    here = marked(began - singer.origin)
    turned = [(mark > MARK_LEVEL / 3) != here for _, _, _, mark in sound.since(began)]
    singer.origin -= 5
    for n in range(len(turned) - 20):
        if all(turned[n : n + 20]):
            return [n * 5]
    return []
