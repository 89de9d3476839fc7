//! The C functions, found at run time.

use std::error::Error as _;
use std::ffi::{CStr, OsStr, c_char, c_int, c_uchar, c_void};
use std::sync::{Mutex, PoisonError};

use libloading::Library;

use crate::error::{Code, Error, Result};

/// Types whose inside only TensorFlow knows.
macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        pub(super) struct $name {
            _private: [u8; 0],
        }
    )*};
}

opaque! { TF_Graph TF_Operation TF_Session TF_SessionOptions TF_Status TF_Tensor }

/// One output of an operation of a graph.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct TF_Output {
    pub(super) oper: *mut TF_Operation,
    pub(super) index: c_int,
}

/// A string of TensorFlow's; only its functions look inside.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct TF_TString([c_uchar; 24]);

impl TF_TString {
    /// All zero, which is what `TF_StringInit` makes: an empty string.
    pub(super) const EMPTY: TF_TString = TF_TString([0; 24]);
}

pub(super) type Deallocator = unsafe extern "C" fn(data: *mut c_void, len: usize, arg: *mut c_void);

macro_rules! functions {
    ($(fn $name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions of one loaded libtensorflow.
        #[allow(non_snake_case)]
        pub(crate) struct Api {
            name: std::ffi::OsString,
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Api {
            fn resolve(
                name: &OsStr,
                library: &'static Library,
            ) -> std::result::Result<Api, libloading::Error> {
                Ok(Api {
                    name: name.to_owned(),
                    // SAFETY: the signatures below are those of the headers
                    // tensorflow/c/{c_api,tf_status,tf_tensor,tf_tstring}.h,
                    // which promise a stable ABI.
                    $($name: *unsafe { library.get(stringify!($name)) }?,)*
                })
            }
        }
    };
}

functions! {
    fn TF_Version() -> *const c_char;

    fn TF_NewStatus() -> *mut TF_Status;
    fn TF_DeleteStatus(*mut TF_Status);
    fn TF_GetCode(*const TF_Status) -> c_int;
    fn TF_Message(*const TF_Status) -> *const c_char;

    fn TF_NewTensor(c_int, *const i64, c_int, *mut c_void, usize, Deallocator, *mut c_void) -> *mut TF_Tensor;
    fn TF_AllocateTensor(c_int, *const i64, c_int, usize) -> *mut TF_Tensor;
    fn TF_TensorMaybeMove(*mut TF_Tensor) -> *mut TF_Tensor;
    fn TF_DeleteTensor(*mut TF_Tensor);
    fn TF_TensorType(*const TF_Tensor) -> c_int;
    fn TF_NumDims(*const TF_Tensor) -> c_int;
    fn TF_Dim(*const TF_Tensor, c_int) -> i64;
    fn TF_TensorByteSize(*const TF_Tensor) -> usize;
    fn TF_TensorData(*const TF_Tensor) -> *mut c_void;

    fn TF_StringCopy(*mut TF_TString, *const c_char, usize);
    fn TF_StringGetDataPointer(*const TF_TString) -> *const c_char;
    fn TF_StringGetSize(*const TF_TString) -> usize;
    fn TF_StringDealloc(*mut TF_TString);

    fn TF_NewSessionOptions() -> *mut TF_SessionOptions;
    fn TF_SetConfig(*mut TF_SessionOptions, *const c_void, usize, *mut TF_Status);
    fn TF_DeleteSessionOptions(*mut TF_SessionOptions);
    fn TF_NewGraph() -> *mut TF_Graph;
    fn TF_DeleteGraph(*mut TF_Graph);
    fn TF_GraphOperationByName(*mut TF_Graph, *const c_char) -> *mut TF_Operation;
    fn TF_OperationNumOutputs(*mut TF_Operation) -> c_int;
    fn TF_GraphGetTensorNumDims(*mut TF_Graph, TF_Output, *mut TF_Status) -> c_int;
    fn TF_GraphGetTensorShape(*mut TF_Graph, TF_Output, *mut i64, c_int, *mut TF_Status);
    fn TF_LoadSessionFromSavedModel(
        *const TF_SessionOptions, *const c_void, *const c_char, *const *const c_char, c_int,
        *mut TF_Graph, *mut c_void, *mut TF_Status
    ) -> *mut TF_Session;
    fn TF_SessionRun(
        *mut TF_Session, *const c_void,
        *const TF_Output, *const *mut TF_Tensor, c_int,
        *const TF_Output, *mut *mut TF_Tensor, c_int,
        *const *const TF_Operation, c_int, *mut c_void, *mut TF_Status
    );
    fn TF_DeleteSession(*mut TF_Session, *mut TF_Status);
}

/// Loads a library. What it needs comes from its own libraries first where the process
/// shows an LLVM to all, as Julia does: TensorFlow has its own, of another version, and
/// would call some of the other's functions: it hangs.
///
/// # Safety
/// As [`Library::new`].
unsafe fn open(name: &OsStr) -> std::result::Result<Library, libloading::Error> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use libloading::os::unix::{Library, RTLD_LAZY, RTLD_LOCAL};
        // SAFETY: looks a name up, and calls nothing.
        let llvm = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"LLVMContextCreate".as_ptr()) };
        if !llvm.is_null() {
            let mode = RTLD_LAZY | RTLD_LOCAL | libc::RTLD_DEEPBIND;
            // SAFETY: the caller's promise.
            return unsafe { Library::open(Some(name), mode) }.map(Into::into);
        }
    }
    // SAFETY: the caller's promise.
    unsafe { Library::new(name) }
}

/// The one library of the process: two TensorFlows would share symbols.
static LOADED: Mutex<Option<&'static Api>> = Mutex::new(None);

impl Api {
    /// The library of this process, once there is one.
    pub(crate) fn loaded() -> Option<&'static Api> {
        *LOADED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads a library by path or, for a bare file name, as the system's loader
    /// finds it. Once one is loaded, that one is returned.
    pub(crate) fn load(name: &OsStr) -> Result<&'static Api> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(api) = *loaded {
            return Ok(api);
        }
        let refuse = |error: libloading::Error| {
            // The loader's own words, such as the library that is missing.
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            let message = format!("cannot load libtensorflow from \"{}\": {why}", name.display());
            Error::Library { code: Code::FailedPrecondition, message }
        };
        // SAFETY: libtensorflow's initializers register its kernels and touch
        // nothing of ours; Python loads the same file the same way.
        let library = unsafe { open(name) }.map_err(refuse)?;
        // Never unloaded: its threads and registries live on.
        let api = Api::resolve(name, Box::leak(Box::new(library))).map_err(refuse)?;
        let api: &'static Api = Box::leak(Box::new(api));
        *loaded = Some(api);
        Ok(api)
    }

    /// What the library was loaded as.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// TensorFlow's version, such as `2.21.0`.
    pub(crate) fn version(&self) -> String {
        // SAFETY: takes nothing.
        let version = unsafe { (self.TF_Version)() };
        // SAFETY: a static C string.
        unsafe { CStr::from_ptr(version) }.to_string_lossy().into_owned()
    }
}
