require "./spec_helper"

# A literal of `values.tsv` as an element.
def element(type : Bool.class, text : String) : Bool
  text == "true"
end

{% for type in {Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64} %}
  def element(type : {{type}}.class, text : String) : {{type}}
    {{type}}.new(text)
  end
{% end %}

def element(type : Float32.class, text : String) : Float32
  text.starts_with?("nan:") ? text[4..].to_u32(16).unsafe_as(Float32) : text.to_f32
end

def element(type : Float64.class, text : String) : Float64
  text.starts_with?("nan:") ? text[4..].to_u64(16).unsafe_as(Float64) : text.to_f64
end

def element(type : Stele::Complex64.class, text : String) : Stele::Complex64
  real, imag = text.split(';').map { |part| element(Float32, part) }
  Stele::Complex64.new(real, imag)
end

def element(type : Complex.class, text : String) : Complex
  real, imag = text.split(';').map { |part| element(Float64, part) }
  Complex.new(real, imag)
end

# Crystal has no such type: bits are what a person gives, and a value what they read.
{% for type in {Stele::Float16, Stele::BFloat16} %}
  def element(type : {{type}}.class, text : String) : {{type}}
    return {{type}}.new(text[4..].to_u16(16)) if text.starts_with?("nan:")
    value = text.to_f32.unsafe_as(UInt32)
    bits = (0_u16..UInt16::MAX).find! { |bits| {{type}}.new(bits).to_f32.unsafe_as(UInt32) == value }
    {{type}}.new(bits)
  end
{% end %}

def bits(value : T) : Bytes forall T
  Slice.new(pointerof(value).as(UInt8*), sizeof(T)).dup
end

describe "the contract" do
  it "has these codes" do
    rows = table("codes.tsv", "number", "name")
    rows.reject(&.[0].==("0")).map { |row| {row[1], row[0].to_i} }
      .should eq Stele::Code.values.map { |code| {code.to_s, code.value} }
  end

  it "has these dtypes" do
    rows = table("dtypes.tsv", "name", "number", "size", "kind")
    rows.map { |row| {row[0], row[1].to_i} }.sort!
      .should eq Stele::DType.values.map { |dtype| {dtype.to_s, dtype.value} }.sort!
    {% for name, type in Stele::ELEMENTS %}
      row = rows.find! { |row| row[0] == {{name}} }
      {row[2].to_i, Stele.dtype_of({{type}}).to_s}.should eq({sizeof({{type}}), {{name}}})
    {% end %}
  end

  it "has these values, through the constructor, a call and the accessor" do
    rows = table("values.tsv", "dtype", "shape", "literals", "bytes")
    rows.size.should eq Stele::DType.values.size
    Stele::Model.open("#{BUILD}/models/dtypes/saved_model") do |model|
      {% for name, type in Stele::ELEMENTS %}
        row = rows.find! { |row| row[0] == {{name}} }
        values = row[2].split(',').map { |text| element({{type}}, text) }
        given = Stele::Tensor.new(row[1].split(',').map(&.to_i), values)
        given.values({{type}}).to_unsafe.as(UInt8*).to_slice(values.size * sizeof({{type}})).hexstring.should eq row[3]
        same = model.run({"x" => given}, {{name.downcase}})["same"]
        {same.dtype, same.shape}.should eq({given.dtype, [2, 3]})
        same.values({{type}}).map { |value| bits(value) }.to_a.should eq values.map { |value| bits(value) }
      {% end %}

      row = rows.find! { |row| row[0] == "BYTES" }
      values = row[2].split(',').map { |text| text.lchop("hex:").hexbytes }
      same = model.run({"x" => Stele::Tensor.new([2, 3], values)}, "bytes")["same"]
      same.values(Bytes).to_a.should eq values
    end
  end
end
