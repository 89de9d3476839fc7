require "spec"
require "../src/stele"

BUILD    = ENV["STELE_BUILD"]
CONTRACT = Path[__DIR__].parent.parent / "contract"

def digits : String
  "#{BUILD}/models/digits/saved_model"
end

# The rows of a table of the contract.
def table(name : String, *header : String) : Array(Array(String))
  lines = File.read_lines(CONTRACT / name)
  lines.shift.split('\t').should eq header.to_a
  rows = lines.reject(&.starts_with?('#')).map(&.split('\t'))
  rows.each(&.size.should eq header.size)
  rows
end

def blank(batch = 1) : Stele::Tensor
  Stele::Tensor.new([batch, 8, 8, 1], Array.new(64 * batch, 0_f32))
end

def refused(code : Stele::Code, &) : String
  yield
  fail "not refused"
rescue error : Stele::Error
  error.code.should eq code
  error.message.to_s
end
