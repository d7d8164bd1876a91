// C++ with nothing in between: forward-mode dual numbers (option kind=duals), or generated straight-line code and
// formulas by hand (kind=generated). generated.hpp comes from src/codegen/emit.ts.
#include "harness.hpp"
#include "generated.hpp"

template <class T, int N>
struct Dual {
  T v{};
  T d[N]{};
  Dual() = default;
  Dual(T value) : v(value) {}
  Dual(T value, int direction) : v(value) {
    if (direction >= 0 && direction < N) d[direction] = 1;
  }
};

#define OPERATION template <class T, int N> inline Dual<T, N>
#define EACH for (int i = 0; i < N; i++)
OPERATION operator+(const Dual<T, N>& a, const Dual<T, N>& b) { Dual<T, N> r(a.v + b.v); EACH r.d[i] = a.d[i] + b.d[i]; return r; }
OPERATION operator-(const Dual<T, N>& a, const Dual<T, N>& b) { Dual<T, N> r(a.v - b.v); EACH r.d[i] = a.d[i] - b.d[i]; return r; }
OPERATION operator*(const Dual<T, N>& a, const Dual<T, N>& b) { Dual<T, N> r(a.v * b.v); EACH r.d[i] = a.d[i] * b.v + a.v * b.d[i]; return r; }
OPERATION operator/(const Dual<T, N>& a, const Dual<T, N>& b) { const T q = 1 / b.v; Dual<T, N> r(a.v * q); EACH r.d[i] = (a.d[i] - r.v * b.d[i]) * q; return r; }
OPERATION operator*(const Dual<T, N>& a, T s) { Dual<T, N> r(a.v * s); EACH r.d[i] = a.d[i] * s; return r; }
OPERATION operator+(const Dual<T, N>& a, T s) { Dual<T, N> r = a; r.v += s; return r; }
OPERATION sin(const Dual<T, N>& a) { const T c = std::cos(a.v); Dual<T, N> r(std::sin(a.v)); EACH r.d[i] = a.d[i] * c; return r; }
OPERATION cos(const Dual<T, N>& a) { const T s = -std::sin(a.v); Dual<T, N> r(std::cos(a.v)); EACH r.d[i] = a.d[i] * s; return r; }
OPERATION sqrt(const Dual<T, N>& a) { Dual<T, N> r(std::sqrt(a.v)); const T h = T(0.5) / r.v; EACH r.d[i] = a.d[i] * h; return r; }

// The arm, with the structure of its links used as a careful person would: R·Rx(α)·Rz(q), p + R·t.
static const double PANDA[8][4] = {{0, .333, 1, 0}, {0, 0, 0, -1}, {0, .316, 0, 1}, {.0825, 0, 0, 1}, {-.0825, .384, 0, -1}, {0, 0, 0, 1}, {.088, 0, 0, 1}, {0, .107, 1, 0}};

template <class A, class T>
inline void arm(const A* q, A* y) {
  A R[9], p[3];
  for (int i = 0; i < 9; i++) R[i] = A(T(i % 4 == 0));
  for (int i = 0; i < 8; i++) {
    const T a = T(PANDA[i][0]), ca = T(PANDA[i][2]), sa = T(PANDA[i][3]), ty = T(-PANDA[i][1]) * sa, tz = T(PANDA[i][1]) * ca;
    for (int r = 0; r < 3; r++) {
      if (a != 0) p[r] = p[r] + R[r * 3] * a;
      if (ty != 0) p[r] = p[r] + R[r * 3 + 1] * ty;
      if (tz != 0) p[r] = p[r] + R[r * 3 + 2] * tz;
      if (sa != 0) {  // a quarter turn: cos α = 0
        const A t = R[r * 3 + 1];
        R[r * 3 + 1] = R[r * 3 + 2] * sa;
        R[r * 3 + 2] = t * (-sa);
      }
    }
    if (i == 7) break;
    const A c = cos(q[i]), s = sin(q[i]);
    for (int r = 0; r < 3; r++) {
      const A x = R[r * 3], t = R[r * 3 + 1];
      R[r * 3] = x * c + t * s;
      R[r * 3 + 1] = t * c - x * s;
    }
  }
  for (int i = 0; i < 3; i++) y[i] = p[i];
  for (int i = 0; i < 9; i++) y[3 + i] = R[i];
}

// One observation of bundle adjustment: Rodrigues, projection, radial distortion.
template <class A, class T>
inline void residual(const A* x, const T* e, A* y) {
  const A angle = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]), ct = cos(angle), st = sin(angle);
  const A a[3] = {x[0] / angle, x[1] / angle, x[2] / angle}, p[3] = {x[11] - x[3], x[12] - x[4], x[13] - x[5]};
  const A c[3] = {a[1] * p[2] - a[2] * p[1], a[2] * p[0] - a[0] * p[2], a[0] * p[1] - a[1] * p[0]};
  const A along = (a[0] * p[0] + a[1] * p[1] + a[2] * p[2]) * (ct * T(-1) + T(1));
  A q[3];
  for (int i = 0; i < 3; i++) q[i] = p[i] * ct + c[i] * st + a[i] * along;
  const A u = q[0] / q[2], v = q[1] / q[2], rr = u * u + v * v, L = x[9] * rr + x[10] * (rr * rr) + T(1);
  y[0] = x[14] * (u * L * x[6] + x[7] + (-e[0]));
  y[1] = x[14] * (v * L * x[6] + x[8] + (-e[1]));
}

// The Jacobian of f, n inputs to m outputs, all directions at once; rows of J are `stride` apart.
template <class T, int N, class F>
inline void jacobian(const T* x, int m, T* J, F f) {
  using A = Dual<T, N>;
  A in[N], out[N < 12 ? 12 : N];
  for (int i = 0; i < N; i++) in[i] = A(x[i], i);
  f(in, out);
  for (int i = 0; i < m; i++)
    for (int k = 0; k < N; k++) J[i * N + k] = out[i].d[k];
}

// The same for any n, N directions a pass.
template <class T, int N, class F>
inline void jacobian_in_passes(const std::vector<T>& x, std::vector<T>& J, F f) {
  using A = Dual<T, N>;
  const int n = (int)x.size();
  std::vector<A> in(n), out(n);
  for (int from = 0; from < n; from += N) {
    for (int i = 0; i < n; i++) in[i] = A(x[i], i - from);
    f(in.data(), out.data(), n);
    for (int i = 0; i < n; i++)
      for (int k = 0; k < N && from + k < n; k++) J[(size_t)i * n + from + k] = out[i].d[k];
  }
}

template <class A, class T>
inline void burgers(const A* u, A* y, int n, T c1, T c2) {
  for (int i = 0; i < n; i++) {
    const A &right = u[i + 1 == n ? 0 : i + 1], &left = u[i == 0 ? n - 1 : i - 1];
    y[i] = u[i] * (right - left) * (-c1) + (right + left + u[i] * T(-2)) * c2;
  }
}

template <class T>
void duals(const Words& job) {
  Input<T> in(job.at("input"));
  const std::string program = job.at("program");
  const int n = in.n();
  if (program == "seed1") {
    std::vector<T> J(2);
    const T* x = in.arrays["x"].data();
    run(job, "duals", J, [&] { jacobian<T, 1>(x, 2, J.data(), [](const auto* q, auto* y) { y[0] = q[0] * q[0]; y[1] = sin(q[0]); }); });
  } else if (program == "seed2") {
    std::vector<T> J((size_t)n * n);
    const auto f = [](const auto* q, auto* y, int count) { for (int i = 0; i < count; i++) y[i] = q[i] * q[i] + q[i] * T(2); };
    if (n == 2) run(job, "duals", J, [&] { jacobian<T, 2>(in.arrays["x"].data(), 2, J.data(), [&](const auto* q, auto* y) { f(q, y, 2); }); });
    else run(job, "duals", J, [&] { jacobian_in_passes<T, 8>(in.arrays["x"], J, f); });
  } else if (program == "arm") {
    std::vector<T> J((size_t)n * 84);
    const T* q = in.arrays["q"].data();
    run(job, "duals", J, [&] { for (int b = 0; b < n; b++) jacobian<T, 7>(q + b * 7, 12, &J[b * 84], [](const auto* x, auto* y) { arm<std::decay_t<decltype(*y)>, T>(x, y); }); });
  } else if (program == "ba") {
    std::vector<T> J((size_t)n * 30);
    const T *P = in.arrays["P"].data(), *e = in.arrays["features"].data();
    run(job, "duals", J, [&] { for (int i = 0; i < n; i++) jacobian<T, 15>(P + i * 15, 2, &J[i * 30], [&](const auto* x, auto* y) { residual<std::decay_t<decltype(*y)>, T>(x, e + i * 2, y); }); });
  } else if (program == "burgers") {
    std::vector<T> J((size_t)n * n);
    const T c1 = (T)in.numbers["c1"], c2 = (T)in.numbers["c2"];
    run(job, "duals", J, [&] { jacobian_in_passes<T, 8>(in.arrays["u"], J, [&](const auto* u, auto* y, int count) { burgers(u, y, count, c1, c2); }); });
  } else if (program == "burgers_sparse") {
    using A = Dual<T, 3>;
    const T c1 = (T)in.numbers["c1"], c2 = (T)in.numbers["c2"];
    std::vector<A> u(n), y(n);
    std::vector<T> J((size_t)3 * n);
    for (int i = 0; i < n; i++) u[i] = A(in.arrays["u"][i], i % 3);
    run(job, "duals, three seeds", J, [&] {
      burgers(u.data(), y.data(), n, c1, c2);
      for (int i = 0; i < n; i++) for (int k = 0; k < 3; k++) J[(size_t)k * n + i] = y[i].d[(i + k - 1 + n) % n % 3];
    });
  }
}

template <class T>
void generated(const Words& job) {
  Input<T> in(job.at("input"));
  const std::string program = job.at("program");
  const int n = in.n();
  const T c1 = (T)in.numbers["c1"], c2 = (T)in.numbers["c2"];
  if (program == "arm") {
    std::vector<T> J((size_t)n * 84);
    const T* q = in.arrays["q"].data();
    run(job, "generated", J, [&] { for (int b = 0; b < n; b++) generated_arm<T>(q + b * 7, q, &J[b * 84]); });
  } else if (program == "ba") {
    std::vector<T> J((size_t)n * 30);
    const T *P = in.arrays["P"].data(), *e = in.arrays["features"].data();
    run(job, "generated", J, [&] { for (int i = 0; i < n; i++) generated_residual<T>(P + i * 15, e + i * 2, &J[i * 30]); });
  } else if (program == "burgers" || program == "burgers_sparse") {
    const bool dense = program == "burgers";
    std::vector<T> J(dense ? (size_t)n * n : (size_t)3 * n);
    const T* u = in.arrays["u"].data();
    run(job, "by hand", J, [&] {
      if (dense) std::fill(J.begin(), J.end(), T(0));
      for (int i = 0; i < n; i++) {
        const int right = i + 1 == n ? 0 : i + 1, left = i == 0 ? n - 1 : i - 1;
        const T band[3] = {c2 + c1 * u[i], -c1 * (u[right] - u[left]) - 2 * c2, c2 - c1 * u[i]};
        if (dense) J[(size_t)i * n + left] = band[0], J[(size_t)i * n + i] = band[1], J[(size_t)i * n + right] = band[2];
        else for (int k = 0; k < 3; k++) J[(size_t)k * n + i] = band[k];
      }
    });
  }
}

int main(int argc, char** argv) {
  const Words job = read_words(argc, argv);
  const bool single = job.at("dtype") == "float32", dual = job.at("kind") == "duals";
  if (dual) single ? duals<float>(job) : duals<double>(job);
  else single ? generated<float>(job) : generated<double>(job);
}
