"""Corpora, the multi-task model's training, calibration, export, evaluation and the model card.

Everything here needs the ``train`` extra; nothing that scores imports it.
"""
