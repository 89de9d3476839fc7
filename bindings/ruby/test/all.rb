# frozen_string_literal: true

require "helper"

Dir["#{__dir__}/*_test.rb"].each { |file| require file }

# A run of no tests is none.
Minitest.after_run do
  tests = Minitest::Runnable.runnables.sum { |suite| suite.runnable_methods.size }
  abort "no tests" if tests.zero?
end
