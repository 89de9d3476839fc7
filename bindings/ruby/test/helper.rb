# frozen_string_literal: true

require "minitest/autorun"
require "stele"

BUILD = ENV.fetch("STELE_BUILD")
CONTRACT = File.expand_path("../../contract", __dir__)
DIGITS = "#{BUILD}/models/digits/saved_model".freeze

# What the tests share.
module Helper
  # The rows of a table of the contract.
  def table(name, *header)
    first, *lines = File.readlines("#{CONTRACT}/#{name}", chomp: true, encoding: "UTF-8")
    assert_equal header, first.split("\t", -1)
    rows = lines.reject { |line| line.start_with?("#") }.map { |line| line.split("\t", -1) }
    rows.each { |row| assert_equal header.size, row.size, row.inspect }
  end

  def blank(batch = 1)
    Stele::Tensor.new(:FP32, [batch, 8, 8, 1], Array.new(64 * batch, 0.0))
  end

  # The message of a refusal with this code.
  def refused(code = :INVALID_ARGUMENT, &)
    error = assert_raises(Stele::Error, &)
    assert_equal code, error.code, error.message
    error.message
  end
end
