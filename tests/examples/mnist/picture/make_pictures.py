#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Renders MNIST's digits as people's pictures of them: on paper, boards, screens, by many pens.

A picture is called <number>_<what it shows>.<format>; the blank ones show "none". Needs numpy and
Pillow (Debian: python3-numpy python3-pil).
"""
import argparse
import gzip
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

BLUE, BLACK = (25, 40, 140), (20, 20, 20)
WHITE, OFF_WHITE, CREAM = (255, 255, 255), (248, 246, 238), (255, 244, 190)
TABLE = (70, 50, 35)
PHOTO = (600, 800)  # height and width of most photos
JPEG = dict(quality=85)


class Digits:
    """Draws one picture's digits; its random numbers depend on the seed and the picture alone."""

    def __init__(self, images, first, seed):
        self.images, self.first = images, first
        self.random = np.random.default_rng([seed, first])

    def image(self, which=0):
        return self.images[(self.first + which) % len(self.images)]

    def ink(self, side, which=0):
        """[side, side], 0 for none to 1 for full: the image, enlarged with smooth edges."""
        large = Image.fromarray(self.image(which)).resize((side, side), Image.BICUBIC)
        return np.clip((np.asarray(large, np.float32) / 255 - 0.25) / 0.5, 0, 1)

    def page(self, size=PHOTO, side=300, top=None, left=None, which=0):
        """Ink on a page: in the middle, unless told where."""
        page = np.zeros(size, np.float32)
        top = (size[0] - side) // 2 if top is None else top
        left = (size[1] - side) // 2 if left is None else left
        page[top:top + side, left:left + side] = self.ink(side, which)
        return page

    def row(self, count, size=PHOTO, side=180):
        """Ink of `count` digits side by side, at uneven heights."""
        page = np.zeros(size, np.float32)
        left = (size[1] - count * side) // 2
        for which in range(count):
            top = (size[0] - side) // 2 + int(self.random.integers(-15, 16))
            page[top:top + side, left:left + side] = self.ink(side, which)
            left += side
        return page

    def pen(self, width, side=280):
        """A black line of `width` pixels along the digit, on white."""
        line = thinned(self.ink(side) > 0.5)
        if width > 1:
            disc = round_brush(width)
            line = dilated(line, disc)
        return grey(255.0 * ~line)

    def noise(self, size, deviation):
        return self.random.normal(0, deviation, size).astype(np.float32)


def rgb(light):
    return Image.fromarray(np.clip(light, 0, 255).round().astype(np.uint8), 'RGB')


def grey(light):
    return Image.fromarray(np.clip(light, 0, 255).round().astype(np.uint8), 'L')


def sheet(colour=OFF_WHITE, size=PHOTO):
    return np.ones((*size, 3), np.float32) * np.asarray(colour, np.float32)


def write(ink, colour, paper):
    """Lays ink of a colour over paper, a colour or an array [H, W, 3]."""
    ink = ink[..., None]
    return np.asarray(colour, np.float32) * ink + np.asarray(paper, np.float32) * (1 - ink)


def ruled(paper, gap, colour=(150, 170, 215), width=2, down=True, across=False):
    for y in range(gap // 2, paper.shape[0], gap) if down else []:
        paper[y:y + width] = colour
    for x in range(gap // 2, paper.shape[1], gap) if across else []:
        paper[:, x:x + width] = colour
    return paper


def turned(light, degrees, beyond):
    picture = rgb(light)
    return picture.rotate(degrees, Image.BICUBIC, fillcolor=beyond)


def slope(size, low):
    """Light that falls off from left to right."""
    return np.linspace(1, low, size[1], dtype=np.float32)[None, :, None]


def on_table(light, top, left, bottom, right, table=TABLE):
    light[:top] = light[bottom:] = light[:, :left] = light[:, right:] = table
    return light


def thinned(ink):
    """The middle line, a pixel wide (Zhang and Suen 1984)."""
    ink = ink.copy()
    while True:
        changed = False
        for step in (0, 1):
            p = np.pad(ink, 1).astype(np.uint8)
            near = [p[:-2, 1:-1], p[:-2, 2:], p[1:-1, 2:], p[2:, 2:], p[2:, 1:-1], p[2:, :-2],
                    p[1:-1, :-2], p[:-2, :-2]]
            count = sum(near)
            ends = sum(((near[k] == 0) & (near[(k + 1) % 8] == 1)).astype(np.uint8)
                       for k in range(8))
            up, right, down, left = near[0], near[2], near[4], near[6]
            free = ((up * right * down == 0) & (right * down * left == 0) if step == 0 else
                    (up * right * left == 0) & (up * down * left == 0))
            edge = ink & (count >= 2) & (count <= 6) & (ends == 1) & free
            if edge.any():
                ink, changed = ink & ~edge, True
        if not changed:
            return ink


def round_brush(width):
    at = np.arange(width) - (width - 1) / 2
    return at[:, None] ** 2 + at[None] ** 2 <= width ** 2 / 4


def dilated(ink, brush):
    wide = np.zeros_like(ink)
    for dy, dx in zip(*np.nonzero(brush)):
        wide |= np.roll(ink, (dy - len(brush) // 2, dx - len(brush) // 2), (0, 1))
    return wide


def box_of(ink):
    rows, columns = np.nonzero(ink.max(1))[0], np.nonzero(ink.max(0))[0]
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def cut_out(ink):
    return ink[box_of(ink)]


VARIANTS = {}


def variant(make):
    """make(digits) gives a picture, the ending of its file and the options to save it with; also
    what it shows, if not one digit: how many, or None."""
    VARIANTS[make.__name__] = make
    return make


def family(name, values):
    """A variant for each of the values."""
    def declare(make):
        for value in values:
            VARIANTS[name.format(value)] = lambda digits, value=value: make(digits, value)
        return make
    return declare

# Screens and paint programs

@variant
def control(d):
    return Image.fromarray(d.image()), 'png', {}


@variant
def inverted28(d):
    return Image.fromarray(255 - d.image()), 'png', {}


@variant
def black_on_white_280(d):
    return grey(255 * (1 - d.ink(280))), 'png', {}


@variant
def white_on_black_page(d):
    return grey(255 * d.page()), 'png', {}


@variant
def paint_brush(d):  # in a canvas of 28x28: hard edges
    return grey(255.0 * (d.image() < 110)), 'png', {}


@variant
def tight_black_on_white(d):
    return grey(255 * (1 - cut_out(d.ink(280)))), 'png', {}


@variant
def tight_white_on_black(d):
    return grey(255 * cut_out(d.ink(280))), 'png', {}


@variant
def tight_photo(d):  # without the soft edge of the ink
    ink = d.page()
    light = write(ink, BLUE, CREAM) * slope(PHOTO, 0.5) + d.noise((*PHOTO, 1), 3)
    return rgb(light[box_of(ink > 0.5)]), 'jpg', JPEG


@family('side_{}', [8, 14, 20, 40, 80])
def small(d, side):
    image = Image.fromarray(255 - d.image())
    return image.resize((side, side), Image.BOX if side < 28 else Image.BICUBIC), 'png', {}


@variant
def side_2000(d):
    return grey(255 * (1 - d.page((2000, 2000), 900))), 'jpg', dict(quality=80)


@variant
def huge(d):
    return grey(255 * (1 - d.page((3000, 4000), 900, 1000, 1500))), 'jpg', dict(quality=80)


@variant
def off_centre_small(d):
    return grey(255 * (1 - d.page((900, 1200), 110, 700, 60))), 'png', {}


@family('rotated_{}', [10, 20])
def rotated(d, degrees):
    upright = grey(255 * d.page((400, 400), 280))
    return ImageOps.invert(upright.rotate(degrees, Image.BICUBIC)), 'png', {}


# File formats

@variant
def jpeg_q20(d):
    return grey(255 * (1 - d.ink(280))), 'jpg', dict(quality=20)


@variant
def progressive_jpeg(d):
    return rgb(write(d.ink(280), BLACK, OFF_WHITE)), 'jpg', dict(quality=80, progressive=True)


@variant
def cmyk_jpeg(d):
    return rgb(write(d.ink(280), BLACK, OFF_WHITE)).convert('CMYK'), 'jpg', dict(quality=90)


@variant
def bmp24(d):
    return rgb(write(d.ink(280), BLACK, OFF_WHITE)), 'bmp', {}


@family('bit1_{}', ['bmp', 'png'])
def one_bit(d, ending):
    return grey(255 * (1 - d.ink(280))).convert('1', dither=Image.NONE), ending, {}


@family('palette_{}', ['bmp', 'png'])
def palette(d, ending):
    return rgb(write(d.ink(280), BLUE, CREAM)).quantize(16), ending, {}


@variant
def bit16_png(d):
    return Image.fromarray((65535 * (1 - d.ink(280))).round().astype(np.uint16)), 'png', {}


@variant
def rgba_opaque(d):
    return rgb(write(d.ink(280), BLACK, OFF_WHITE)).convert('RGBA'), 'png', {}


@family('alpha_{}', ['black', 'white', 'blue'])
def alpha(d, colour):  # the same colour everywhere: only the transparency tells
    pixels = np.zeros((280, 280, 4), np.uint8)
    pixels[..., :3] = {'black': (0, 0, 0), 'white': WHITE, 'blue': BLUE}[colour]
    pixels[..., 3] = (255 * d.ink(280)).round()
    return Image.fromarray(pixels, 'RGBA'), 'png', {}


@variant
def grey_alpha(d):
    pixels = np.zeros((280, 280, 2), np.uint8)
    pixels[..., 1] = (255 * d.ink(280)).round()
    return Image.fromarray(pixels, 'LA'), 'png', {}


@family('exif_{}', [1, 3, 5, 6, 8])  # as cameras write them, and a mirrored one
def exif(d, orientation):  # stored turned, with the tag that turns it upright again
    undo = {3: Image.ROTATE_180, 5: Image.TRANSPOSE, 6: Image.ROTATE_90, 8: Image.ROTATE_270}
    picture = rgb(write(d.page(), BLACK, OFF_WHITE))
    if orientation in undo:
        picture = picture.transpose(undo[orientation])
    tags = Image.Exif()
    tags[0x112] = orientation
    return picture, 'jpg', dict(JPEG, exif=tags.tobytes())


# Pens and inks

@family('pen_{}px', range(1, 7))
def pen(d, width):
    return d.pen(width), 'png', {}


@variant
def pen_1px_140(d):
    return d.pen(1, 140), 'png', {}


@variant
def pen_2px_2000(d):
    page = np.full((2000, 2000), 255, np.uint8)
    page[700:1200, 600:1100] = d.pen(2, 500)
    return grey(page), 'png', {}


@variant
def thick_marker(d):
    return ImageOps.invert(grey(255 * d.ink(280)).filter(ImageFilter.MaxFilter(17))), 'png', {}


@variant
def dashed_pen(d):  # a dry pen: gaps in the strokes
    ink = d.ink(280)
    y, x = np.mgrid[:280, :280]
    return grey(255 * (1 - np.where((y + x) // 9 % 4 == 0, 0, ink))), 'png', {}


@family('{}_on_white', ['red', 'yellow', 'cyan', 'green', 'pink', 'orange'])
def coloured(d, colour):
    inks = dict(red=(220, 30, 30), yellow=(255, 221, 0), cyan=(0, 200, 255), green=(20, 140, 60),
                pink=(255, 130, 190), orange=(255, 140, 0))
    return rgb(write(d.ink(280), inks[colour], WHITE)), 'png', {}


@variant
def blue_on_yellow(d):
    return rgb(write(d.page(), BLUE, CREAM)), 'jpg', JPEG


@variant
def red_on_grey(d):  # equally bright: only the colour tells
    return rgb(write(d.page(), (220, 60, 60), (110, 110, 110))), 'jpg', JPEG


@variant
def pencil(d):
    return grey(228 - 55 * d.page() + d.noise(PHOTO, 3)), 'jpg', JPEG


@variant
def faint_pencil(d):
    return grey(228 - 30 * d.page() + d.noise(PHOTO, 2)), 'jpg', JPEG


@variant
def faint_pencil_thin(d):  # three pixels wide
    line = np.zeros(PHOTO, np.float32)
    line[160:440, 260:540] = 1 - np.asarray(d.pen(3), np.float32) / 255
    return grey(228 - 40 * line + d.noise(PHOTO, 2)), 'jpg', JPEG


@variant
def green_board(d):
    return rgb(write(d.page(), (235, 235, 220), (30, 75, 55))), 'jpg', dict(quality=80)


# Light

@variant
def shadow_mild(d):
    return rgb(write(d.page(), BLUE, CREAM) * slope(PHOTO, 0.7)), 'jpg', JPEG


@variant
def shadow_strong(d):
    return rgb(write(d.page(), BLUE, CREAM) * slope(PHOTO, 0.3)), 'jpg', JPEG


@variant
def shadow_edge(d):  # of something straight: right across the digit
    at = d.random.uniform(320, 480)
    y, x = np.mgrid[:PHOTO[0], :PHOTO[1]].astype(np.float32)
    bright = 1 / (1 + np.exp(np.clip((x + 0.4 * (y - 300) - at) / 4, -50, 50)))
    return rgb(write(d.page(), BLUE, OFF_WHITE) * (0.55 + 0.45 * bright)[..., None]), 'jpg', JPEG


@variant
def shadow_of_hand(d):
    y, x = np.mgrid[:PHOTO[0], :PHOTO[1]].astype(np.float32)
    centre = d.random.uniform((250, 350), (350, 500))
    far = np.hypot((y - centre[0]) / 170, (x - centre[1]) / 230)
    bright = 1 / (1 + np.exp((1 - far) * 12))
    return rgb(write(d.page(), BLUE, OFF_WHITE) * (0.6 + 0.4 * bright)[..., None]), 'jpg', JPEG


@variant
def lamp(d):  # bright in one corner, dark in the others
    y, x = np.mgrid[:PHOTO[0], :PHOTO[1]].astype(np.float32)
    bright = 1 / (1 + (np.hypot(y - 100, x - 150) / 500) ** 2)
    noisy = write(d.page(), BLACK, OFF_WHITE) * bright[..., None] + d.noise((*PHOTO, 1), 3)
    return rgb(noisy), 'jpg', JPEG


@variant
def camera_noise(d):
    return grey(225 - 170 * d.page() + d.noise(PHOTO, 12)), 'jpg', dict(quality=70)


@variant
def small_on_page_noise(d):
    size = (1200, 1600)
    return grey(235 - 190 * d.page(size, 90, 300, 1200) + d.noise(size, 4)), 'jpg', JPEG


@variant
def blurred(d):
    return rgb(write(d.page(), BLUE, OFF_WHITE)).filter(ImageFilter.GaussianBlur(5)), 'jpg', JPEG


# What else is on the paper

@variant
def lined(d):
    return rgb(write(d.page(), BLUE, ruled(sheet(CREAM), 60))), 'jpg', JPEG


@variant
def lined_in_pencil(d):  # lines as dark as the writing
    light = write(d.page(), (120, 120, 125), ruled(sheet(), 60, (120, 130, 160)))
    return rgb(light + d.noise((*PHOTO, 1), 2)), 'jpg', JPEG


@variant
def lined_with_margin(d):
    paper = ruled(sheet(), 50, (130, 160, 210))
    paper[:, 100:103] = (230, 110, 120)
    return rgb(write(d.page(), BLACK, paper)), 'jpg', JPEG


@variant
def lined_turned(d):  # photographed at a slant
    paper = ruled(sheet(OFF_WHITE, (900, 1100)), 60)
    light = write(d.page((900, 1100)), BLUE, paper)
    whole = turned(light, d.random.uniform(-5, 5), OFF_WHITE)
    return whole.crop((150, 150, 950, 750)), 'jpg', JPEG


@variant
def squared(d):
    return rgb(write(d.page(), BLUE, ruled(sheet(), 40, across=True))), 'jpg', JPEG


@variant
def squared_turned(d):
    paper = ruled(sheet(OFF_WHITE, (900, 1100)), 45, (160, 165, 175), across=True)
    light = write(d.page((900, 1100)), BLACK, paper)
    whole = turned(light, d.random.uniform(-5, 5), OFF_WHITE)
    return whole.crop((150, 150, 950, 750)), 'jpg', JPEG


@variant
def lined_in_shadow(d):
    return rgb(write(d.page(), BLUE, ruled(sheet(), 60)) * slope(PHOTO, 0.4)), 'jpg', JPEG


@variant
def frame_at_edge(d):  # as of a screenshot of a canvas
    light = 255 * (1 - d.ink(280))
    light[:3] = light[-3:] = light[:, :3] = light[:, -3:] = 0
    return grey(light), 'png', {}


@variant
def frame_inside(d):  # a box to write in
    picture = grey(255 * (1 - d.page((400, 400), 260)))
    ImageDraw.Draw(picture).rectangle([20, 20, 379, 379], outline=0, width=3)
    return picture, 'png', {}


@variant
def frame_by_hand(d):  # crooked, by the same pen
    picture = rgb(write(d.page((500, 500), 260), BLUE, OFF_WHITE))
    corners = [tuple(np.array(corner) + d.random.uniform(-12, 12, 2)) for corner in
               [(90, 90), (410, 90), (410, 410), (90, 410)]]
    ImageDraw.Draw(picture).line([*corners, corners[0]], BLUE, 8, 'curve')
    return picture, 'jpg', JPEG


@variant
def circled(d):
    picture = rgb(write(d.page((500, 500), 220), BLACK, OFF_WHITE))
    ImageDraw.Draw(picture).ellipse([90, 80, 420, 410], outline=(200, 30, 30), width=6)
    return picture, 'jpg', JPEG


@variant
def date_stamp(d):
    picture = rgb(write(d.page(), BLUE, OFF_WHITE))
    ImageDraw.Draw(picture).text((600, 570), '11/28/2026 20:14', fill=(255, 120, 0))
    return picture, 'jpg', dict(quality=90)


@variant
def dust(d):
    picture = rgb(write(d.page(), BLUE, OFF_WHITE))
    draw = ImageDraw.Draw(picture)
    for x, y in d.random.uniform((0, 0), (800, 600), (40, 2)):
        draw.ellipse([x, y, x + 4, y + 4], fill=(90, 80, 70))
    return picture, 'jpg', JPEG


@variant
def table_all_round(d):
    return rgb(on_table(write(d.page(), BLUE, OFF_WHITE), 50, 80, 550, 720)), 'jpg', JPEG


@variant
def table_two_sides(d):
    return rgb(on_table(write(d.page(), BLUE, OFF_WHITE), 0, 130, 520, 800)), 'jpg', JPEG


@variant
def table_turned(d):  # the sheet lies askew
    page = on_table(write(d.page(), BLUE, OFF_WHITE), 70, 100, 530, 700)
    light = np.asarray(turned(page, d.random.uniform(-12, 12), TABLE), np.float32)
    return rgb(light + d.noise((*PHOTO, 1), 4)), 'jpg', JPEG


@variant
def table_light(d):
    page = write(d.page(), BLUE, OFF_WHITE)
    return rgb(on_table(page, 50, 80, 550, 720, (200, 160, 110))), 'jpg', JPEG


@variant
def table_and_lines(d):
    page = on_table(write(d.page(), BLUE, ruled(sheet(), 50)), 40, 90, 600, 740)
    return rgb(page * slope(PHOTO, 0.6)), 'jpg', JPEG


# Several digits

@family('row_of_{}', [2, 3, 4])
def row(d, count):
    return rgb(write(d.row(count), BLUE, OFF_WHITE)), 'jpg', JPEG, count


@variant
def row_on_lines(d):
    return rgb(write(d.row(3), BLUE, ruled(sheet(CREAM), 60))), 'jpg', JPEG, 3


@variant
def row_in_shadow(d):
    return rgb(write(d.row(3), BLACK, OFF_WHITE) * slope(PHOTO, 0.4)), 'jpg', JPEG, 3


@variant
def row_on_board(d):
    return rgb(write(d.row(3), (235, 235, 220), (30, 75, 55))), 'jpg', JPEG, 3


@variant
def row_in_boxes(d):  # of a form
    picture = rgb(write(d.row(3), BLUE, OFF_WHITE))
    for left in (130, 310, 490):
        ImageDraw.Draw(picture).rectangle([left + 3, 190, left + 176, 410], outline=BLACK, width=3)
    return picture, 'jpg', JPEG, 3


# No digit

@variant
def blank_paper(d):
    return rgb(sheet() + d.noise((*PHOTO, 1), 3)), 'jpg', JPEG, None


@variant
def blank_lined(d):
    return rgb(ruled(sheet(CREAM), 60) + d.noise((*PHOTO, 1), 3)), 'jpg', JPEG, None


@variant
def blank_squared(d):
    return rgb(ruled(sheet(), 40, across=True) + d.noise((*PHOTO, 1), 2)), 'jpg', JPEG, None


@variant
def blank_in_shadow(d):
    return rgb(sheet() * slope(PHOTO, 0.3) + d.noise((*PHOTO, 1), 3)), 'jpg', JPEG, None


@variant
def blank_on_table(d):
    light = on_table(sheet(), 50, 80, 550, 720)
    return rgb(light + d.noise((*PHOTO, 1), 3)), 'jpg', JPEG, None


@variant
def blank_noise(d):
    return grey(128 + d.noise(PHOTO, 40)), 'png', {}, None


@variant
def blank_salt_and_pepper(d):
    light = np.full(PHOTO, 240.0)
    light[d.random.random(PHOTO) < 0.02] = 30
    return grey(light), 'png', {}, None


def read_idx(folder, name, offset):
    """The numbers of one of MNIST's files, plain or gzip."""
    path = pathlib.Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.decompress(
        path.with_name(name + '.gz').read_bytes())
    return np.frombuffer(data, np.uint8, offset=offset)


def pick(labels, count, seed):
    """Numbers of `count` images, equally many of each class, in a random order."""
    order = np.random.default_rng(seed).permutation(len(labels))
    share = -(-count // 10)
    chosen = np.concatenate([order[labels[order] == c][:share] for c in range(10)])
    return np.random.default_rng(seed + 1).permutation(chosen)[:count]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('mnist', help="folder of MNIST's files, plain or .gz")
    parser.add_argument('out', type=pathlib.Path, help='folder to write a folder of each variant to')
    parser.add_argument('variants', nargs='*', help='only these')
    parser.add_argument('--count', type=int, default=200, help='pictures of a variant [200]')
    parser.add_argument('--split', choices=['test', 'train'], default='test')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    prefix = {'test': 't10k', 'train': 'train'}[options.split]
    images = read_idx(options.mnist, prefix + '-images-idx3-ubyte', 16).reshape(-1, 28, 28)
    labels = read_idx(options.mnist, prefix + '-labels-idx1-ubyte', 8)
    chosen = pick(labels, options.count, options.seed)
    images, labels = images[chosen], labels[chosen]
    for name in options.variants or VARIANTS:
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(options.count):
            picture, ending, how, *shown = VARIANTS[name](Digits(images, i, options.seed))
            count = shown[0] if shown else 1
            digits = ''.join(str(labels[(i + k) % len(labels)]) for k in range(count or 0))
            picture.save(folder / f'{i:03}_{digits or "none"}.{ending}', **how)


if __name__ == '__main__':
    main()
