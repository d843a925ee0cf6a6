"""The figures of the image: one file each, named after the figure. make_image.py adds `build_s`."""

from tests.bench.image import boot_ratio, idle_mb, image_mb

BENCHES = (image_mb.measure, idle_mb.measure, boot_ratio.measure)
