/// stele: run a TensorFlow SavedModel from C++20.
///
///   auto model = stele::Model::load("saved_model");
///   auto outputs = model.run({{"image", pixels, {1, 8, 8, 1}}});
///   auto probabilities = outputs["probabilities"].as<float>();
///
/// Header-only, over libstele (stele.h), whose checks, codes and messages these
/// are. Nothing here is linked against TensorFlow, which is found and loaded by
/// the first load of a model; stele.h says where it is looked for.
///
/// SPDX-License-Identifier: Apache-2.0
#ifndef STELE_HPP
#define STELE_HPP

// IWYU pragma: begin_exports
#include "stele/dtype.hpp"
#include "stele/error.hpp"
#include "stele/float16.hpp"
#include "stele/input.hpp"
#include "stele/model.hpp"
#include "stele/options.hpp"
#include "stele/output.hpp"
#include "stele/signature.hpp"
// IWYU pragma: end_exports

#endif // STELE_HPP
