# frozen_string_literal: true

require "helper"

# Holds the gem against the tables of the contract.
class ContractTest < Minitest::Test
  include Helper

  def test_codes
    rows = table("codes.tsv", "number", "name").to_h { |number, name| [number.to_i, name.to_sym] }
    assert_equal rows.except(0), Stele::CODES
  end

  def test_dtypes
    rows = table("dtypes.tsv", "name", "number", "size", "kind")
    assert_equal(rows.to_h { |name, number,| [name.to_sym, number.to_i] }.sort, Stele::DTYPES.sort)
    rows.each do |name, _, size, kind|
      assert_equal size.to_i, Stele::Element::SIZES[name.to_sym], name unless kind == "bytes"
    end
  end

  def test_profiles
    digits = table("profiles.tsv", "name", "config", "meaning").flat_map do |name, config,|
      [{ profile: name }, { config: [config].pack("H*") }].map do |options|
        Stele::Model.open(DIGITS, **options) { |model| model.run("image" => blank) }["probabilities"].bytes
      end
    end
    assert_equal 8, digits.size
    assert_equal 1, digits.uniq.size
  end

  # Through the constructor, a call and the accessor.
  def test_values
    rows = table("values.tsv", "dtype", "shape", "literals", "bytes").to_h { |dtype, *row| [dtype.to_sym, row] }
    assert_equal Stele::DTYPES.keys.sort, rows.keys.sort
    Stele::Model.open("#{BUILD}/models/dtypes/saved_model") do |model|
      rows.each do |dtype, (shape, literals, bytes)|
        values = literals.split(",").map { |text| literal(dtype, text) }
        given = Stele::Tensor.new(dtype, shape.split(",").map(&:to_i), values)
        assert_equal bytes, given.bytes.unpack1("H*"), dtype unless dtype == :BYTES
        same = model.run({ "x" => given }, dtype.downcase)["same"]
        assert_equal [dtype, [2, 3]], [same.dtype, same.shape]
        assert_equal exact(values), exact(same.values), dtype
      end
    end
  end

  # Every value of the narrow formats; what the machine converts says what a number is.
  def test_narrow_formats
    Stele::Element::FORMATS.slice(:FP16, :BF16).each do |dtype, format|
      assert((0..0xffff).all? { |bits| format.bits(format.value(bits)) == bits }, dtype)
    end
    assert_equal 0x3c00, format_bits(:FP16, 1 + (2.0**-11)), "a tie goes to the even one"
    assert_equal 0x3c02, format_bits(:FP16, 1 + (3 * (2.0**-11)))
    assert_equal 0x0001, format_bits(:FP16, 3.0e-8)
    assert_equal 0x7bff, format_bits(:FP16, 65_519.99)
    signalling = [0x7f800001, 0xff923456].pack("L2")
    tensor = Stele::Tensor.packed(:FP32, [2], signalling)
    assert_equal signalling, Stele::Tensor.new(:FP32, [2], tensor.values).bytes
  end

  private

  def format_bits(dtype, value)
    Stele::Tensor.new(dtype, [], [value]).bytes.unpack1("S")
  end

  # A literal as a person writes it in Ruby.
  def literal(dtype, text)
    case dtype
    when :BOOL then text == "true"
    when :BYTES then [text.delete_prefix("hex:")].pack("H*")
    when :C64, :C128
      Complex.rect(*text.split(";").map { |part| literal(Stele::Element::PARTS[dtype], part) })
    when *Stele::Element::INTEGERS.keys then Integer(text)
    else float(dtype, text)
    end
  end

  def float(dtype, text)
    infinities = { "inf" => Float::INFINITY, "-inf" => -Float::INFINITY }
    return infinities[text] || Float(text) unless text.start_with?("nan:")

    # The upper bits of a NaN's fraction are those of the wider format's.
    bits = text[4..].hex
    width = { FP16: 10, BF16: 7, FP32: 23, FP64: 52 }[dtype]
    [(0x7ff << 52) | ((bits & ((1 << width) - 1)) << (52 - width))].pack("Q").unpack1("d")
  end

  # Values that compare bit for bit.
  def exact(values)
    values.map do |value|
      next value unless value.is_a?(Float) || value.is_a?(Complex)

      value.rect.pack("d*")
    end
  end
end
