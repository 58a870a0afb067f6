#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Draws digits on the page in a browser and looks at what it reads.

  tests/draw/draw_test.py PAGE [FOLDER-FOR-SCREENSHOTS]
"""
import base64
import math
import pathlib
import statistics
import sys
import time
import unittest

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service

PAGE = pathlib.Path(sys.argv[1]).resolve()
PICTURES = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None


def arc(x, y, rx, ry, begin, end, steps=24):
    """Points of an ellipse; angles in turns from the right, clockwise."""
    angles = [2 * math.pi * (begin + (end - begin) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


# Strokes of digits, in units of the paper's side.
DIGITS = {
    0: [arc(0.5, 0.5, 0.18, 0.3, -0.2, 0.8)],
    1: [[(0.52, 0.2), (0.5, 0.5), (0.48, 0.8)]],
    2: [arc(0.5, 0.36, 0.17, 0.16, -0.48, 0.1) + [(0.34, 0.8), (0.7, 0.8)]],
    3: [arc(0.48, 0.34, 0.16, 0.14, -0.4, 0.25) + arc(0.48, 0.64, 0.19, 0.16, -0.25, 0.4)],
    4: [[(0.4, 0.2), (0.32, 0.52), (0.66, 0.52)], [(0.62, 0.25), (0.57, 0.82)]],
    5: [[(0.66, 0.22), (0.4, 0.22), (0.37, 0.46)] + arc(0.48, 0.62, 0.18, 0.18, -0.3, 0.4)],
    7: [[(0.32, 0.24), (0.68, 0.24), (0.46, 0.8)]],
    8: [arc(0.5, 0.35, 0.13, 0.14, 0.25, -0.75) + arc(0.5, 0.65, 0.16, 0.16, -0.25, 0.75)],
}


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.open(1440, 1000)

    def open(self, width, height, scheme="light", touch=False):
        cdp = self.browser.execute_cdp_cmd
        cdp("Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch})
        cdp("Emulation.setTouchEmulationEnabled", {"enabled": touch})
        cdp("Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.browser.get(PAGE.as_uri())
        deadline = time.monotonic() + 30
        while self.text("sure") == "Starting …" and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.text("sure"), "The page is empty.")

    def text(self, name):
        return self.browser.execute_script(f"return document.getElementById('{name}').textContent")

    def box(self):
        return self.browser.execute_script(
            "const b = document.getElementById('paper').getBoundingClientRect();"
            "return [b.left, b.top, b.width]")

    def mouse(self, kind, x, y, buttons):
        self.browser.execute_cdp_cmd("Input.dispatchMouseEvent",
                                     {"type": kind, "x": x, "y": y, "button": "left",
                                      "buttons": buttons, "clickCount": 1})

    def draw(self, digit, scale=1.0, dx=0.0, dy=0.0):
        left, top, side = self.box()
        for stroke in DIGITS[digit]:
            places = [(left + side * (0.5 + scale * (x - 0.5) + dx),
                       top + side * (0.5 + scale * (y - 0.5) + dy)) for x, y in stroke]
            self.mouse("mousePressed", *places[0], 1)
            for x, y in places[1:]:
                self.mouse("mouseMoved", x, y, 1)
            self.mouse("mouseReleased", *places[-1], 0)

    def click(self, name):
        self.browser.find_element(By.ID, name).click()

    def look_inside(self):
        self.browser.find_element(By.TAG_NAME, "summary").click()

    def answer(self):
        return self.text("digit")

    def tearDown(self):
        serious = [entry["message"] for entry in self.browser.get_log("browser")
                   if entry["level"] == "SEVERE"]
        self.assertEqual(serious, [])


class DrawTest(Browser):
    def test_an_empty_page_says_nothing(self):
        self.assertEqual(self.answer(), "")
        bars = self.browser.execute_script(
            "return [...document.querySelectorAll('.bar')].map(b => b.style.transform)")
        self.assertEqual(bars, ["scaleX(0)"] * 10)

    def test_digits_are_read_one_after_the_other(self):
        for digit in DIGITS:
            self.click("clear")
            self.assertEqual(self.answer(), "")
            self.draw(digit)
            self.assertEqual(self.answer(), str(digit), self.text("sure"))
            self.assertIn(f"{digit}.", self.text("spoken"))

    def test_size_and_place_do_not_matter(self):
        for scale, dx, dy in ((0.4, -0.25, -0.2), (0.6, 0.2, 0.15), (1.3, 0, 0)):
            self.click("clear")
            self.draw(7, scale, dx, dy)
            self.assertEqual(self.answer(), "7")

    def test_the_answer_changes_while_one_draws(self):
        left, top, side = self.box()
        answers = []
        (first, *rest), = DIGITS[2]
        self.mouse("mousePressed", left + side * first[0], top + side * first[1], 1)
        for x, y in rest:
            self.mouse("mouseMoved", left + side * x, top + side * y, 1)
            answers.append(self.answer())
        self.assertGreater(len(set(answers)), 1)
        self.assertEqual(answers[-1], "2")

    def test_undo_takes_back_a_stroke(self):
        self.draw(1)
        self.draw(7)
        self.click("undo")
        self.assertEqual(self.answer(), "1")
        ActionChains(self.browser).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
        self.assertEqual(self.answer(), "")

    def test_the_keyboard_draws(self):
        self.browser.execute_script("document.getElementById('paper').focus()")
        keys = [Keys.ARROW_LEFT] * 4 + [" "] + [Keys.ARROW_RIGHT] * 7 + \
            [Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_LEFT] * 5 + [" "]
        ActionChains(self.browser).send_keys(*keys).perform()
        self.assertEqual(self.answer(), "7")
        ActionChains(self.browser).send_keys(Keys.ESCAPE).perform()
        self.assertEqual(self.answer(), "")

    def test_everything_is_reached_by_the_tab_key(self):
        reached = []
        for _ in range(4):
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
            reached.append(self.browser.execute_script(
                "return document.activeElement.id || document.activeElement.tagName"))
        self.assertEqual(reached, ["paper", "undo", "clear", "SUMMARY"])

    def test_a_finger_draws_and_the_page_stays(self):
        self.open(360, 640, touch=True)

        def touch(kind, *points):
            self.browser.execute_cdp_cmd(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

        self.assertGreater(self.browser.execute_script(
            "return document.documentElement.scrollHeight - innerHeight"), 0)
        left, top, side = self.box()
        touch("touchStart", (left + side * 0.52, top + side * 0.8))
        for i in range(1, 13):  # upwards: on the page around it, this would scroll
            touch("touchMove", (left + side * 0.5, top + side * (0.8 - 0.05 * i)))
        touch("touchEnd")
        self.assertEqual(self.answer(), "1")
        self.assertEqual(self.browser.execute_script("return scrollY"), 0)
        self.assertEqual(self.browser.execute_script(
            "return document.documentElement.scrollWidth"), 360)

    def test_the_stages_show_what_they_see(self):
        self.look_inside()
        self.draw(0)
        inked = self.browser.execute_script(
            "return [...document.querySelectorAll('#stages canvas, #seen')].map(c => Math.max(..."
            "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 == 3)))")
        self.assertEqual(inked, [255] * 4)

    def test_an_answer_takes_less_than_10_ms(self):
        for _ in range(2):
            self.click("clear")
            self.draw(8)
        times = self.browser.execute_script("return milliseconds")
        print(f"an answer takes {statistics.median(times):.2f} ms (median of {len(times)}, "
              f"at most {max(times):.2f}); the page has {PAGE.stat().st_size:,} bytes")
        self.assertLess(statistics.median(times), 10)

    def test_the_page_is_one_small_file(self):
        self.assertLessEqual(PAGE.stat().st_size, 1_500_000)
        self.assertEqual(self.browser.execute_script(
            "return performance.getEntriesByType('resource').length"), 0)


class Screenshots(Browser):
    @unittest.skipUnless(PICTURES, "no folder for screenshots is named")
    def test_widths_and_schemes(self):
        for width, height in ((360, 800), (1440, 1000)):
            for scheme in ("light", "dark"):
                self.open(width, height, scheme, touch=width < 500)
                for state in ("empty", "drawn"):
                    if state == "drawn":
                        self.look_inside()
                        self.browser.execute_script("scrollTo(0, 0)")
                        self.draw(4)
                    shot = self.browser.execute_cdp_cmd(
                        "Page.captureScreenshot", {"captureBeyondViewport": True})["data"]
                    (PICTURES / f"{width}_{scheme}_{state}.png").write_bytes(base64.b64decode(shot))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
