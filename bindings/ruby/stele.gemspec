# frozen_string_literal: true

require_relative "lib/stele"

Gem::Specification.new do |spec|
  spec.name = "stele"
  spec.version = Stele::VERSION
  spec.summary = "Run TensorFlow SavedModels, checked before TensorFlow is called"
  spec.authors = ["The stele authors"]
  spec.license = "Apache-2.0"
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "README.md"] }
  spec.metadata["rubygems_mfa_required"] = "true"
end
