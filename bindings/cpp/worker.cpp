// The worker of the binding "cpp": stele.hpp behind the kit of bindings/c/kit.
// Elements go through the constructor and the accessor that the README shows.
#include <stele.hpp>
#include <stele_worker.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

/// The inputs of a request, and the memory that they are views of.
class Inputs {
public:
  explicit Inputs(const stele_worker_request &request) {
    for (const auto &input : std::span(request.inputs, request.n_inputs))
      stele::visit(static_cast<stele::DType>(input.dtype),
                   [&](auto type) { add(type, input); });
  }

  [[nodiscard]] std::span<const stele::Input> all() const {
    return inputs_;
  }

private:
  template <stele::Element T>
  void add(std::type_identity<T> /*type*/, const stele_worker_input &input) {
    const std::size_t count = input.size / sizeof(T);
    // Not a std::vector, which has no bool in a row.
    const auto values = keep<T>(input, count);
    if (input.rank == 0)
      inputs_.emplace_back(input.name, values[0]);
    else
      inputs_.emplace_back(input.name, values, shape(input));
  }

  /// Each string has its length in front, which the kit has checked.
  void add(std::type_identity<std::string_view> /*type*/,
           const stele_worker_input &input) {
    auto rest = keep<char>(input, input.size);
    std::vector<std::string_view> strings;
    while (!rest.empty()) {
      std::uint32_t length = 0;
      std::memcpy(&length, rest.data(), sizeof length);
      strings.emplace_back(rest.data() + sizeof length, length);
      rest = rest.subspan(sizeof length + length);
    }
    inputs_.emplace_back(input.name, strings, shape(input));
  }

  template <class T>
  std::span<const T> keep(const stele_worker_input &input, std::size_t count) {
    const auto memory = std::make_shared<T[]>(count);
    std::ifstream file(input.path, std::ios::binary);
    file.read(reinterpret_cast<char *>(memory.get()),
              static_cast<std::streamsize>(input.size));
    if (!file)
      throw stele::Error(stele::Code::data_loss, "input \"" +
                                                     std::string(input.name) +
                                                     "\" cannot be read");
    memory_.push_back(memory);
    return {memory.get(), count};
  }

  static stele::Shape shape(const stele_worker_input &input) {
    return {input.dims, input.dims + input.rank};
  }

  std::vector<std::shared_ptr<void>> memory_;
  std::vector<stele::Input> inputs_;
};

/// Writes one output where the kit wants it, which knows why if it does not.
class OutputFile {
public:
  OutputFile(stele_worker *worker, const stele::Output &output)
      : worker_(worker), output_(output) {
  }

  template <stele::Element T> void operator()(std::type_identity<T> /*type*/) {
    const auto values = output_.as<T>();
    open(values.size_bytes());
    write(values.data(), values.size_bytes());
  }

  void operator()(std::type_identity<std::string_view> /*type*/) {
    const auto strings = output_.as<std::string_view>();
    std::uint64_t size = 0;
    for (const auto string : strings)
      size += sizeof(std::uint32_t) + string.size();
    open(size);
    for (const auto string : strings) {
      const auto length = static_cast<std::uint32_t>(string.size());
      write(&length, sizeof length);
      write(string.data(), string.size());
    }
  }

private:
  void open(std::uint64_t size) {
    const std::string name(output_.name());
    const auto shape = output_.shape();
    const char *path = stele_worker_output(
        worker_, name.c_str(), static_cast<stele_dtype>(output_.dtype()),
        static_cast<std::int32_t>(shape.size()), shape.data(), size);
    if (path != nullptr)
      file_.open(path, std::ios::binary);
  }

  void write(const void *data, std::size_t size) {
    file_.write(static_cast<const char *>(data),
                static_cast<std::streamsize>(size));
  }

  stele_worker *worker_;
  stele::Output output_;
  std::ofstream file_;
};

std::vector<std::string> split(std::string_view tags) {
  std::vector<std::string> split;
  while (!tags.empty()) {
    const auto end = tags.find(',');
    split.emplace_back(tags.substr(0, end));
    tags.remove_prefix(end == std::string_view::npos ? tags.size() : end + 1);
  }
  return split;
}

void describe(stele_worker *worker, const std::string &signature,
              bool is_output, const std::vector<stele::TensorInfo> &infos) {
  for (const auto &info : infos) {
    const auto rank =
        info.shape ? static_cast<std::int32_t>(info.shape->size()) : -1;
    stele_worker_describe(worker, signature.c_str(),
                          static_cast<int>(is_output), info.name.c_str(),
                          info.dtype_name.c_str(), rank,
                          info.shape ? info.shape->data() : nullptr);
  }
}

stele::Model load(stele_worker *worker, const stele_worker_request &request) {
  stele::Options options = {.tags = split(request.tags)};
  if (request.profile != nullptr)
    options.profile = request.profile;
  if (request.config != nullptr)
    options.config.emplace(static_cast<const char *>(request.config),
                           request.config_size);
  auto model = stele::Model::load(request.dir, options);
  for (const auto &signature : model.signatures()) {
    describe(worker, signature.name, false, signature.inputs);
    describe(worker, signature.name, true, signature.outputs);
  }
  return model;
}

void run(stele_worker *worker, const stele::Model &model,
         const stele_worker_request &request) {
  const Inputs inputs(request);
  std::optional<stele::Outputs> outputs;
  while (stele_worker_again(worker) != 0)
    outputs = model.run(inputs.all(), request.signature);
  if (outputs)
    for (const auto output : *outputs)
      stele::visit(output.dtype(), OutputFile(worker, output));
}

void answer(stele_worker *worker, std::optional<stele::Model> &model,
            const stele_worker_request &request) {
  switch (request.verb) {
  case STELE_WORKER_LOAD:
    model = load(worker, request);
    break;
  case STELE_WORKER_RUN:
    run(worker, model.value(), request);
    break;
  case STELE_WORKER_UNLOAD:
    model.reset();
    break;
  default:
    stele_worker_unsupported(worker, "this verb");
    return;
  }
  stele_worker_ok(worker);
}

} // namespace

int main() {
  const std::unique_ptr<stele_worker, decltype(&stele_worker_free)> worker(
      stele_worker_new("cpp", "C++20", nullptr), stele_worker_free);
  std::optional<stele::Model> model;
  while (const auto *request = stele_worker_next(worker.get())) {
    try {
      answer(worker.get(), model, *request);
    } catch (const stele::Error &error) {
      stele_worker_error(worker.get(), static_cast<stele_code>(error.code()),
                         error.what());
    } catch (const std::bad_alloc &) {
      stele_worker_error(worker.get(), STELE_RESOURCE_EXHAUSTED,
                         "out of memory");
    }
  }
}
