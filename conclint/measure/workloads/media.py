"""Workloads for pictures and plots: Pillow, OpenCV, matplotlib."""

from __future__ import annotations

import io
from random import Random
from types import SimpleNamespace
from typing import Any

from conclint.measure.workloads.group import Group


def _pillow() -> SimpleNamespace:
    from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

    noise = Image.frombytes("RGB", (1600, 1200), Random(1).randbytes(1600 * 1200 * 3))
    smooth = Image.effect_mandelbrot((1600, 1200), (-2, -1, 1, 1), 60).convert("RGB")
    encoded = io.BytesIO()
    smooth.save(encoded, "JPEG")
    return SimpleNamespace(
        Image=Image,
        ImageDraw=ImageDraw,
        ImageEnhance=ImageEnhance,
        ImageFilter=ImageFilter,
        ImageOps=ImageOps,
        noise=noise,
        mask=noise.convert("L"),
        pixels=noise.tobytes(),
        smooth=smooth,
        clear=noise.convert("RGBA"),
        jpeg=encoded.getvalue(),
    )


def _polygons(d: Any) -> None:
    draw = d.ImageDraw.Draw(d.Image.new("RGB", (1600, 1200)))
    for number in range(60):
        draw.polygon([(0, number), (1599, 600), (number * 20, 1199)], fill=(number, 0, 0))


PILLOW = Group(
    _pillow,
    {
        "PIL.Image.Image.resize": lambda d: [d.noise.resize((400, 300), 3) for _ in range(6)],
        "PIL.Image.Image.thumbnail": lambda d: [d.noise.copy().thumbnail((300, 300)) for _ in range(6)],
        "PIL.Image.Image.rotate": lambda d: d.noise.rotate(30, resample=2),
        "PIL.Image.Image.filter": lambda d: d.noise.filter(d.ImageFilter.GaussianBlur(3)),
        "PIL.Image.Image.convert": lambda d: [d.noise.convert("L") for _ in range(15)],
        "PIL.Image.Image.transpose": lambda d: [d.noise.transpose(2) for _ in range(6)],
        "PIL.Image.Image.quantize": lambda d: d.noise.resize((200, 150)).quantize(16),
        "PIL.Image.Image.save": lambda d: d.noise.save(io.BytesIO(), "PNG"),
        "PIL.Image.Image.load": lambda d: [d.Image.open(io.BytesIO(d.jpeg)).load() for _ in range(6)],
        "PIL.Image.Image.point": lambda d: [d.noise.point(lambda value: 255 - value) for _ in range(10)],
        "PIL.Image.Image.histogram": lambda d: [d.noise.histogram() for _ in range(10)],
        "PIL.Image.Image.tobytes": lambda d: [d.noise.tobytes() for _ in range(8)],
        "PIL.Image.alpha_composite": lambda d: [d.Image.alpha_composite(d.clear, d.clear) for _ in range(4)],
        "PIL.Image.blend": lambda d: [d.Image.blend(d.noise, d.smooth, 0.3) for _ in range(5)],
        "PIL.Image.composite": lambda d: [d.Image.composite(d.noise, d.smooth, d.mask) for _ in range(5)],
        "PIL.Image.effect_noise": lambda d: d.Image.effect_noise((900, 600), 50),
        "PIL.Image.frombytes": lambda d: [
            d.Image.frombytes("RGB", (1600, 1200), d.pixels) for _ in range(10)
        ],
        "PIL.Image.Image.paste": lambda d: [d.noise.copy().paste(d.smooth, (9, 9), d.mask) for _ in range(5)],
        "PIL.Image.Image.alpha_composite": lambda d: [
            d.clear.copy().alpha_composite(d.clear) for _ in range(4)
        ],
        "PIL.Image.Image.split": lambda d: [d.noise.split() for _ in range(8)],
        "PIL.Image.Image.getdata": lambda d: list(d.smooth.resize((500, 400)).getdata()),
        "PIL.ImageEnhance.Color.enhance": lambda d: [
            d.ImageEnhance.Color(d.noise).enhance(1.5) for _ in range(4)
        ],
        "PIL.ImageEnhance.Brightness.enhance": lambda d: [
            d.ImageEnhance.Brightness(d.noise).enhance(1.5) for _ in range(4)
        ],
        "PIL.ImageEnhance.Sharpness.enhance": lambda d: d.ImageEnhance.Sharpness(d.noise).enhance(1.5),
        "PIL.Image.merge": lambda d: [d.Image.merge("RGB", d.noise.split()) for _ in range(6)],
        "PIL.Image.effect_mandelbrot": lambda d: d.Image.effect_mandelbrot((700, 500), (-2, -1, 1, 1), 80),
        "PIL.ImageOps.autocontrast": lambda d: [d.ImageOps.autocontrast(d.noise) for _ in range(5)],
        "PIL.ImageOps.fit": lambda d: [d.ImageOps.fit(d.noise, (600, 600)) for _ in range(4)],
        "PIL.ImageEnhance.Contrast.enhance": lambda d: [
            d.ImageEnhance.Contrast(d.noise).enhance(1.5) for _ in range(4)
        ],
        "PIL.ImageDraw.ImageDraw.polygon": _polygons,
    },
)


def _opencv() -> SimpleNamespace:
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    picture = (np.random.default_rng(1).random((900, 1200, 3)) * 255).astype("uint8")
    return SimpleNamespace(
        cv2=cv2,
        picture=picture,
        grey=cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY),
        jpeg=cv2.imencode(".jpg", picture)[1],
        turn=np.array([[1, 0.2, 3], [0, 1, 3]], dtype="float32"),
    )


OPENCV = Group(
    _opencv,
    {
        "cv2.resize": lambda d: [d.cv2.resize(d.picture, (300, 200), interpolation=3) for _ in range(20)],
        "cv2.cvtColor": lambda d: [d.cv2.cvtColor(d.picture, d.cv2.COLOR_BGR2HSV) for _ in range(20)],
        "cv2.GaussianBlur": lambda d: [d.cv2.GaussianBlur(d.picture, (15, 15), 3) for _ in range(5)],
        "cv2.medianBlur": lambda d: d.cv2.medianBlur(d.picture, 9),
        "cv2.bilateralFilter": lambda d: d.cv2.bilateralFilter(d.picture[:300], 9, 75, 75),
        "cv2.Canny": lambda d: [d.cv2.Canny(d.grey, 50, 100) for _ in range(3)],
        "cv2.warpAffine": lambda d: [d.cv2.warpAffine(d.picture, d.turn, (1200, 900)) for _ in range(10)],
        "cv2.matchTemplate": lambda d: [d.cv2.matchTemplate(d.grey, d.grey[:40, :40], 3) for _ in range(2)],
        "cv2.imencode": lambda d: [d.cv2.imencode(".jpg", d.picture) for _ in range(3)],
        "cv2.imdecode": lambda d: [d.cv2.imdecode(d.jpeg, 1) for _ in range(3)],
        "cv2.equalizeHist": lambda d: [d.cv2.equalizeHist(d.grey) for _ in range(40)],
    },
)


def _plots() -> SimpleNamespace:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    return SimpleNamespace(Figure=Figure, Canvas=FigureCanvasAgg)


def _figure(d: Any) -> Any:
    figure = d.Figure()
    d.Canvas(figure)
    axes = figure.subplots()
    axes.plot([number % 37 for number in range(3_000)])
    axes.set_title("measured")
    return figure


MATPLOTLIB = Group(
    _plots,
    {
        "matplotlib.figure.Figure.savefig": lambda d: _figure(d).savefig(io.BytesIO()),
        "matplotlib.figure.Figure.tight_layout": lambda d: _figure(d).tight_layout(),
        "matplotlib.figure.Figure.subplots": lambda d: d.Figure().subplots(2, 2),
        "matplotlib.backends.backend_agg.FigureCanvasAgg.draw": lambda d: _figure(d).canvas.draw(),
        "matplotlib.backends.backend_agg.FigureCanvasAgg.print_png": lambda d: _figure(d).canvas.print_png(
            io.BytesIO()
        ),
        "matplotlib.axes.Axes.hist": lambda d: d.Figure().subplots().hist(range(20_000), 60),
        "matplotlib.axes.Axes.bar": lambda d: d.Figure().subplots().bar(range(80), range(80)),
    },
)
