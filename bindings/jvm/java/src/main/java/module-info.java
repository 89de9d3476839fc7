/** Runs TensorFlow SavedModels: {@link dev.stele.Model}. Needs nothing but the JDK. */
module dev.stele {
    exports dev.stele;
}
