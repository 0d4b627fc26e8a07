//! The API through `kube::Client`, in process; pods and traffic in the modules below.

mod api;
