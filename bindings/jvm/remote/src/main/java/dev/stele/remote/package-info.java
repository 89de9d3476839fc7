/**
 * Runs models on a server, with the surface of {@link dev.stele} and without TensorFlow in this
 * process:
 *
 * {@snippet :
 * try (RemoteModel model = RemoteModel.connect("127.0.0.1:8500", "digits")) {
 *     Map<String, Tensor> outputs = model.run(Map.of("image", Tensor.of(pixels, 1, 8, 8, 1)));
 * }
 * }
 *
 * <p>The server is {@code stele serve}, or any other that speaks the Open Inference Protocol over
 * gRPC: Triton, MLServer, KServe. Inputs are checked here first, with the checks and the words of a
 * model in this process; the server checks again.
 */
package dev.stele.remote;
