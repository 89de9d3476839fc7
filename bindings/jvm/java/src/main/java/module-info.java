/** Runs TensorFlow SavedModels: {@link dev.stele.Model}. Needs nothing but the JDK. */
@SuppressWarnings("module") // of the other jar, which is not there when this one is compiled
module dev.stele {
    exports dev.stele;
    exports dev.stele.internal to
            dev.stele.remote;
}
