"""What a trained model leaves in its folder.

```
saved_model/        the SavedModel
model.keras         the Keras model, when it is one
cases/<case>/       a bundle with the inputs, and case.json
metrics.json        accuracy, sizes, versions, source hash
```

``case.json`` has the ``signature`` that takes the inputs, their ``source`` and, when
the right answers are known, ``labels`` (a class index for each row) and ``scores``
(the output whose argmax over the last axis the labels are compared with).
"""

from __future__ import annotations

SAVED_MODEL = "saved_model"
KERAS_FILE = "model.keras"
CASES = "cases"
CASE_FILE = "case.json"
METRICS = "metrics.json"
