// The worker of the comparator "cpp-tensorflow": TensorFlow's own C++ API as
// its header documents it, behind the kit of bindings/c/kit, with no check that
// the API does not make itself.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <stele_worker.h>
#include <tensorflow/cc/saved_model/loader.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tf = tensorflow;

namespace {

template <class T> struct Type { using Element = T; };

template <class... T> struct Types {
  /// Calls `visit` with the Type of a dtype, if it is one of these.
  template <class Visit> static void visit(tf::DataType dtype, Visit visit) {
    ((tf::DataTypeToEnum<T>::value == dtype ? visit(Type<T>()) : void()), ...);
  }
};

using EveryType =
    Types<bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t,
          std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t,
          Eigen::half, tf::bfloat16, float, double, tf::complex64,
          tf::complex128, tf::tstring>;

// ---- Tensors ----------------------------------------------------------------

std::string read_file(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class T> void fill(tf::Tensor &tensor, const std::string &bytes) {
  std::memcpy(tensor.flat<T>().data(), bytes.data(), bytes.size());
}

/// Each string has its length in front, which the kit has checked.
template <>
void fill<tf::tstring>(tf::Tensor &tensor, const std::string &bytes) {
  const auto strings = tensor.flat<tf::tstring>();
  std::string_view rest = bytes;
  for (int64_t i = 0; i < strings.size(); i++) {
    std::uint32_t length = 0;
    std::memcpy(&length, rest.data(), sizeof length);
    strings(i).assign(rest.data() + sizeof length, length);
    rest.remove_prefix(sizeof length + length);
  }
}

tf::Tensor read(const stele_worker_input &input) {
  tf::TensorShape shape;
  for (int32_t i = 0; i < input.rank; i++)
    shape.AddDim(input.dims[i]);
  tf::Tensor tensor(static_cast<tf::DataType>(input.dtype), shape);
  const auto bytes = read_file(input.path);
  EveryType::visit(tensor.dtype(), [&](auto type) {
    fill<typename decltype(type)::Element>(tensor, bytes);
  });
  return tensor;
}

template <class T> std::string bytes_of(const tf::Tensor &tensor) {
  const auto elements = tensor.flat<T>();
  return {reinterpret_cast<const char *>(elements.data()),
          static_cast<std::size_t>(elements.size()) * sizeof(T)};
}

template <> std::string bytes_of<tf::tstring>(const tf::Tensor &tensor) {
  const auto strings = tensor.flat<tf::tstring>();
  std::string bytes;
  for (int64_t i = 0; i < strings.size(); i++) {
    const auto length = static_cast<std::uint32_t>(strings(i).size());
    bytes.append(reinterpret_cast<const char *>(&length), sizeof length);
    bytes.append(strings(i).data(), strings(i).size());
  }
  return bytes;
}

void write(stele_worker *worker, const std::string &name,
           const tf::Tensor &tensor) {
  const auto dims = tensor.shape().dim_sizes();
  EveryType::visit(tensor.dtype(), [&](auto type) {
    const auto bytes = bytes_of<typename decltype(type)::Element>(tensor);
    if (const char *path =
            stele_worker_output(worker, name.c_str(), tensor.dtype(),
                                tensor.dims(), dims.data(), bytes.size()))
      std::ofstream(path, std::ios::binary) << bytes;
  });
}

// ---- The model --------------------------------------------------------------

absl::Status configure(const stele_worker_request &request,
                       tf::ConfigProto &config) {
  const std::string_view profile = request.profile ? request.profile : "";
  config.set_allow_soft_placement(true);
  if (profile == "inline")
    config.set_inter_op_parallelism_threads(-1);
  else if (profile == "single")
    config.mutable_experimental()->set_executor_type(
        "SINGLE_THREADED_EXECUTOR");
  else if (profile == "python")
    config.mutable_graph_options()
        ->mutable_rewrite_options()
        ->set_disable_meta_optimizer(true);
  else if (request.profile && profile != "default")
    return absl::InvalidArgumentError(absl::StrCat(
        "no profile \"", profile,
        "\"; there are \"default\", \"inline\", \"python\", \"single\""));
  else if (request.config &&
           !config.ParseFromArray(request.config,
                                  static_cast<int>(request.config_size)))
    return absl::InvalidArgumentError("not a ConfigProto");
  return absl::OkStatus();
}

void describe(stele_worker *worker, const std::string &signature,
              bool is_output,
              const tf::protobuf::Map<std::string, tf::TensorInfo> &infos) {
  for (const auto &[name, info] : infos) {
    const char *named = stele_dtype_name(info.dtype());
    const auto dtype = named ? named : absl::StrCat("TF_", info.dtype());
    const auto &shape = info.tensor_shape();
    std::vector<int64_t> dims;
    for (const auto &dim : shape.dim())
      dims.push_back(dim.size());
    stele_worker_describe(
        worker, signature.c_str(), is_output, name.c_str(), dtype.c_str(),
        shape.unknown_rank() ? -1 : shape.dim_size(), dims.data());
  }
}

using Bundle = std::unique_ptr<tf::SavedModelBundle>;
using Signatures = std::map<std::string, const tf::SignatureDef &>;

/// Those for users: TensorFlow's own are among a bundle's.
Signatures signatures(const tf::SavedModelBundle &model) {
  Signatures signatures;
  for (const auto &[name, signature] : model.GetSignatures())
    if (name.rfind("__saved_model_", 0) != 0)
      signatures.emplace(name, signature);
  return signatures;
}

absl::Status no_signature(std::string_view name, const Signatures &there) {
  const auto quoted = [](std::string *out, const auto &signature) {
    absl::StrAppend(out, "\"", signature.first, "\"");
  };
  return absl::NotFoundError(absl::StrCat("no signature \"", name,
                                          "\"; this model has ",
                                          absl::StrJoin(there, ", ", quoted)));
}

absl::Status load(stele_worker *worker, const stele_worker_request &request,
                  Bundle &model) {
  tf::SessionOptions options;
  if (auto status = configure(request, options.config); !status.ok())
    return status;
  std::unordered_set<std::string> tags;
  for (const auto tag : absl::StrSplit(request.tags, ',', absl::SkipEmpty()))
    tags.emplace(tag);
  auto loaded = std::make_unique<tf::SavedModelBundle>();
  if (auto status =
          tf::LoadSavedModel(options, {}, request.dir, tags, loaded.get());
      !status.ok())
    return status;
  model = std::move(loaded);
  for (const auto &[name, signature] : signatures(*model)) {
    describe(worker, name, false, signature.inputs());
    describe(worker, name, true, signature.outputs());
  }
  return absl::OkStatus();
}

absl::Status run(stele_worker *worker, const stele_worker_request &request,
                 const tf::SavedModelBundle &model) {
  const auto there = signatures(model);
  const auto found = there.find(request.signature);
  if (found == there.end())
    return no_signature(request.signature, there);
  const auto &signature = found->second;

  std::vector<std::pair<std::string, tf::Tensor>> inputs;
  std::for_each_n(request.inputs, request.n_inputs, [&](const auto &input) {
    const auto info = signature.inputs().find(input.name);
    const auto known = info != signature.inputs().end();
    inputs.emplace_back(known ? info->second.name() : input.name, read(input));
  });
  std::vector<std::string> names;
  std::vector<std::string> tensors;
  for (const auto &[name, info] : signature.outputs()) {
    names.push_back(name);
    tensors.push_back(info.name());
  }

  std::vector<tf::Tensor> outputs;
  while (stele_worker_again(worker))
    if (auto status = model.GetSession()->Run(inputs, tensors, {}, &outputs);
        !status.ok())
      return status;
  for (std::size_t i = 0; i < outputs.size(); i++)
    write(worker, names[i], outputs[i]);
  return absl::OkStatus();
}

} // namespace

int main() {
  const std::unique_ptr<stele_worker, decltype(&stele_worker_free)> worker(
      stele_worker_new("cpp-tensorflow", "C++17", nullptr), stele_worker_free);
  Bundle model;
  while (const auto *request = stele_worker_next(worker.get())) {
    absl::Status status;
    if (request->verb == STELE_WORKER_LOAD)
      status = load(worker.get(), *request, model);
    else if (request->verb == STELE_WORKER_RUN)
      status = run(worker.get(), *request, *model);
    else
      model.reset();
    if (status.ok())
      stele_worker_ok(worker.get());
    else
      stele_worker_error(worker.get(), static_cast<stele_code>(status.code()),
                         std::string(status.message()).c_str());
  }
}
