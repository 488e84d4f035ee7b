"""Drawn radiographs: who has what (cohort, labelling), where it lies (anatomy), and how it looks.

The picture is a chest (thorax), what lies on it (clutter), its findings (sign, lung_signs, chest_signs), and the
exposure and noise over all (radiograph).
"""
