//! The status of one call.

use std::ffi::CStr;

use super::api::{Api, TF_Status};
use crate::error::{Code, Error, Result};

/// A `TF_Status` that belongs to one call.
pub(super) struct Status {
    api: &'static Api,
    status: *mut TF_Status,
}

impl Status {
    pub(super) fn new(api: &'static Api) -> Status {
        // SAFETY: takes nothing; the result is freed by `drop`.
        let status = unsafe { (api.TF_NewStatus)() };
        Status { api, status }
    }

    /// For a C function to write to, while `self` lives.
    pub(super) fn as_mut_ptr(&mut self) -> *mut TF_Status {
        self.status
    }

    /// What the last function wrote.
    pub(super) fn into_result(self) -> Result<()> {
        // SAFETY: the status lives until `drop`.
        let number = unsafe { (self.api.TF_GetCode)(self.status) };
        if number == 0 {
            return Ok(());
        }
        // SAFETY: the status lives until `drop`.
        let message = unsafe { (self.api.TF_Message)(self.status) };
        // SAFETY: a C string that the status owns, copied here.
        let message = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
        Err(Error::TensorFlow { code: Code::from_number(number), message })
    }
}

impl Drop for Status {
    fn drop(&mut self) {
        // SAFETY: made by `TF_NewStatus`, freed once.
        unsafe { (self.api.TF_DeleteStatus)(self.status) };
    }
}
