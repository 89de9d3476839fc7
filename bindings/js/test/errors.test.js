import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, SteleError } from "tf-stele";

test("codes have one numbering, from 1 to 16", () => {
  const numbers = Object.values(Code);
  assert.deepEqual(
    numbers,
    Array.from({ length: 16 }, (_, i) => i + 1),
  );
  assert.equal(Code.NOT_FOUND, 5);
  assert.equal(Code.DATA_LOSS, 15);
});

test("an error carries its code by number and by name, however it was made", () => {
  for (const error of [new SteleError("NOT_FOUND", "gone"), new SteleError(5, "gone")]) {
    assert.equal(error.code, 5);
    assert.equal(error.codeName, "NOT_FOUND");
    assert.equal(String(error), "SteleError: gone");
    assert.ok(error instanceof Error);
  }
  assert.equal(new SteleError(99, "from a newer library").codeName, "UNKNOWN");
});
