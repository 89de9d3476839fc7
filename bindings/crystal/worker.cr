# The worker of the binding "crystal", on the kit of bindings/c/kit.
require "./src/stele"
require "./src/worker"

exit Stele::Worker.new("crystal").serve
