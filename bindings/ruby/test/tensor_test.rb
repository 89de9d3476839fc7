# frozen_string_literal: true

require "helper"

# Elements, shapes, and what does not fit.
class TensorTest < Minitest::Test
  include Helper

  def test_owns_its_elements
    values = [1, 2, 3, 4, 5, 6]
    tensor = Stele::Tensor.new(:INT32, shape = [2, 3], values)
    values[0] = shape[0] = 9
    assert_equal ["INT32 [2,3]", [1, 2, 3, 4, 5, 6]], [tensor.to_s, tensor.values]
    memory = [1.5, 2.5].pack("f*")
    packed = Stele::Tensor.packed(:FP32, [2], memory)
    memory.setbyte(0, 9)
    assert_equal [[1.5, 2.5], true], [packed.values, packed.bytes.frozen?]
  end

  def test_scalars_and_no_elements
    assert_equal [true], Stele::Tensor.new(:BOOL, [], [true]).values
    Stele::DTYPES.each_key { |dtype| assert_empty Stele::Tensor.new(dtype, [0, 2], []).values }
  end

  def test_strings_are_bytes
    texts = ["ñ", "", "a\0b", "\xff".b]
    values = Stele::Tensor.new(:BYTES, [2, 2], texts).values
    assert_equal texts.map(&:b), values
    assert_equal [Encoding::BINARY], values.map(&:encoding).uniq
    assert_includes refused { Stele::Tensor.new(:BYTES, [0], []).bytes }, "use values"
  end

  def test_refuses_values_that_do_not_fit
    {
      INT8: [128, -129, 1.0, nil], UINT8: [256, -1], INT64: [2**63], UINT64: [2**64, -1], BOOL: [1, "true"],
      FP16: [65_520.0], BF16: [3.4e38], FP32: [3.5e38, "1", Complex(1, 1)], FP64: [10**400],
      C64: [Complex(0, 1e39)], C128: [nil], BYTES: [1, :a]
    }.each do |dtype, values|
      values.each do |value|
        shown = dtype == :C64 ? "1.0e+39 does not fit FP32" : "#{value.inspect} does not fit #{dtype}"
        assert_equal shown, refused { Stele::Tensor.new(dtype, [1], [value]) }
      end
    end
  end

  def test_takes_numbers_by_value
    assert_equal [1.0, 0.5, -Float::INFINITY], Stele::Tensor.new(:FP32, [3], [1, 1r / 2, -Float::INFINITY]).values
    assert_equal [Complex(1, 0)], Stele::Tensor.new(:C64, [1], [1]).values
  end

  def test_refuses_what_does_not_add_up
    assert_equal "shape [2,2] has 4 elements, 3 given", refused { Stele::Tensor.new(:INT32, [2, 2], [1, 2, 3]) }
    assert_equal "shape [1] has 1 elements, 0.75 given", refused { Stele::Tensor.packed(:FP32, [1], "abc") }
    refused { Stele::Tensor.new(:INT32, [-1], [1]) }
    refused { Stele::Tensor.new(:INT32, [2**62, 4], [1]) }
    refused { Stele::Tensor.new(:INT32, [2**64], [1]) }
    refused { Stele::Tensor.new(:INT32, [1.0], [1]) }
    refused { Stele::Tensor.new(:FP8, [1], [1]) }
    refused { Stele::Tensor.packed(:BYTES, [1], "a" * 16) }
  end
end
