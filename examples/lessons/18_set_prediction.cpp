// Lesson 18: set prediction.
//
// In lesson 17 several places tell of each object, and suppression tidies up. Another way: beside the patches, the
// transformer gets Q empty tokens that differ by a learnt row each, as patches do by their positions. Each is asked for
// one object, class and box, or for the class "none". In attention these tokens see the patches, and each other, so
// they can agree who tells what, and nothing is left to suppress. But the objects of an image are a set, without an
// order: which token is to tell which object? Each object gets a token of its own, so that the sum of costs is least.
// With p_j and b_j what token j says, k_i and t_i the class and the box of object i,
//
//     c_ij = -p_j[k_i] + 50 |b_j - t_i|²     (boxes here: begin and end on a strip, as shares of it).
//
// That is the assignment problem. There are Q! / (Q - n)! answers for n objects, but a proof can be had for less. Give
// each object a price u_i and each token a price v_j that is not positive, with u_i + v_j <= c_ij for all pairs. Then
// no answer costs less than Σ u + Σ v. So an answer that uses only pairs of u_i + v_j = c_ij, and all tokens of v_j <
// 0, is the best: it costs just that. Objects are added one at a time. Each looks for the shortest way to a free token,
// where going from object i to token j is c_ij - u_i - v_j long, never negative, and from a token on to the object that
// has it costs nothing. Then everybody on this way moves one token on. With d its length and d_j the way to token j,
// the prices that prove it are: v_j lower by d - d_j for all tokens nearer than d, their objects' u higher by as much,
// the new object's u higher by d. That is Q² operations for each of at most n steps.
//
// The loss is cross-entropy of each token's class, half for those whose answer is "none", and 50 |b - t|² for those
// with an object. The assignment counts as given. It depends on what is said, so it cannot be made while a batch is
// loaded, as lesson 16's targets are: it stands between forward and backward.
//
// Sources: Carion et al., "End-to-end object detection with transformers" (DETR), 2020, section 3.1, with |b - t| and
// GIoU for boxes; Fang et al., "You only look at one sequence" (YOLOS), 2021: tokens beside the patches, on a plain
// encoder; Crouse, "On implementing 2D rectangular assignment algorithms", 2016.
#include <mae/mae.hpp>
#include <mae/ops/primitives.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

namespace lesson {

using mae::dyn, mae::Expression, mae::Index, mae::Shape;
using Policy = mae::Cpu<double, mae::isa::Best, mae::Serial>;
constexpr int Q = 4;

/// Each of `count` <= Q objects gets a token of its own; the sum of costs c [count, Q] is least.
struct Assignment {
  int owner[Q] = {-1, -1, -1, -1};  ///< of each token its object, or -1
  double u[Q] = {}, v[Q] = {};

  Assignment(const double (*c)[Q], int count) {
    for (int i = 0; i < count; ++i) {
      double way[Q] = {1e300, 1e300, 1e300, 1e300}, d = 0;  // way: d_j, as far as it is known
      int before[Q] = {-1, -1, -1, -1}, object = i, token = -1;  // before: the token before j on this way
      bool reached[Q] = {};
      do {
        int nearest = -1;
        for (int j = 0; j < Q; ++j) {
          if (reached[j]) continue;
          const double through = d + c[object][j] - u[object] - v[j];
          if (through < way[j]) way[j] = through, before[j] = token;
          if (nearest < 0 || way[j] < way[nearest]) nearest = j;
        }
        token = nearest, d = way[token], reached[token] = true, object = owner[token];
      } while (object >= 0);  // else the token is free
      u[i] += d;
      for (int j = 0; j < Q; ++j)
        if (reached[j] && j != token) u[owner[j]] += d - way[j], v[j] -= d - way[j];
      for (; token >= 0; token = before[token]) owner[token] = before[token] < 0 ? i : owner[before[token]];
    }
  }
};

void by_hand() {
  const double c[3][Q] = {{1, 2, 6, 9}, {2, 7, 8, 9}, {3, 3, 4, 9}};
  const Assignment best(c, 3);
  double sum = 0, prices = 0;
  std::printf("costs of three objects, four tokens       u\n");
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < Q; ++j) {
      const bool mine = best.owner[j] == i;
      std::printf(mine ? "     [%.0f]" : "      %.0f ", c[i][j]);
      if (mine) sum += c[i][j];
    }
    std::printf("%10.0f\n", best.u[i]), prices += best.u[i];
  }
  for (const double price : best.v) std::printf("%7.0f ", price), prices += price;
  std::printf("        v\nsum of costs %.0f, of prices %.0f; the cheapest pair first: 1 + 3 + 8 = 12\n\n", sum, prices);
}

/// A strip of 24 pixels, in 12 patches of two, with at most three objects: runs of light or dark pixels.
constexpr int L = 12, n = 2, K = 2, length = L * n, width = K + 1 + 2;  // class K is none
struct Object {
  double sides[2];  // t_i
  int label;
};
struct Strip {
  double tokens[(L + Q) * n] = {};  // the pixels, then Q empty patches
  Object objects[3];
  int count = 0;

  explicit Strip(int number) {
    const mae::RandomStream random(7, mae::Purpose::probe, 0, std::uint64_t(number));
    for (std::uint32_t k = 0, end = 0; k < 3; ++k) {
      const std::uint32_t begin = end + 1 + random.below(4 * k, 3), label = random.below(4 * k + 2, 3);
      end = begin + 2 + random.below(4 * k + 1, 4);
      if (label == K) continue;  // a gap
      objects[count++] = {{double(begin) / length, double(end) / length}, int(label)};
      std::fill(tokens + begin, tokens + end, label == 0 ? 1. : -1.);
    }
  }
};

/// tokens [B, L + Q, n] → of the last Q the logits and the sides: [B, Q, width].
struct Finder {
  static constexpr Index D = 32;
  using Inputs = mae::Inputs<mae::Input<Shape<dyn, L + Q, n>>>;
  mae::Linear<n, D> embed;
  mae::Parameter<Shape<L + Q, D>, mae::init::Normal<1, 2>> positions;
  mae::Repeat<2, mae::Block<D, 4>> blocks;
  mae::LayerNorm<D> norm;
  mae::Linear<D, width> head;
  MAE_MODULE(embed, positions, blocks, norm, head)
  constexpr auto operator()(const Expression auto& tokens) const {
    auto all = blocks(embed(tokens) + positions);  // [B, L + Q, D]
    return head(norm(mae::slice<1, L, Q>(all)));   // [B, Q, width]
  }
};

/// What a token says: p_j, b_j, and its likeliest class.
struct Said {
  double p[K + 1], b[2];
  int label;

  explicit Said(const double* y) : b{y[K + 1], y[K + 2]} {
    double sum = 0;
    for (int k = 0; k <= K; ++k) sum += p[k] = mae::math::exp(y[k]);
    for (double& share : p) share /= sum;
    label = int(std::max_element(p, p + K + 1) - p);
  }
  double off(const Object& object, int k) const { return b[k] - object.sides[k]; }
  double cost(const Object& i) const { return -p[i.label] + 50 * (off(i, 0) * off(i, 0) + off(i, 1) * off(i, 1)); }
};
/// Of what the tokens of a strip say, y [Q, width].
Assignment assign(const Strip& strip, const double* y) {
  double c[Q][Q];
  for (int i = 0; i < strip.count; ++i)
    for (int j = 0; j < Q; ++j) c[i][j] = Said(y + j * width).cost(strip.objects[i]);
  return {c, strip.count};
}

/// The loss of a strip, and its slopes [Q, width].
double set_loss(const Strip& strip, const double* y, double* slope) {
  double loss = 0;
  for (const int i : assign(strip, y).owner) {
    const Said said(y);
    const int label = i < 0 ? K : strip.objects[i].label;
    const double weight = i < 0 ? 0.5 : 1;
    loss -= weight * mae::math::log(said.p[label]);
    for (int k = 0; k <= K; ++k) slope[k] = weight * (said.p[k] - (k == label));
    for (int k = 0; k < 2; ++k) {
      const double off = i < 0 ? 0 : said.off(strip.objects[i], k);
      loss += 50 * off * off;
      slope[K + 1 + k] = 100 * off;
    }
    y += width, slope += width;
  }
  return loss;
}

/// Whether each object is told once, its class and to a pixel where it is, and the other tokens say none.
bool is_right(const Strip& strip, const double* y, bool print) {
  const Assignment assigned = assign(strip, y);
  std::string drawing(length, '.');
  bool right = true;
  for (int j = 0; j < Q; ++j) {
    const Said said(y + j * width);
    const Object* const object = assigned.owner[j] < 0 ? nullptr : &strip.objects[assigned.owner[j]];
    right = right && said.label == (object ? object->label : K);
    for (int k = 0; k < 2 && object; ++k) right = right && std::fabs(said.off(*object, k)) * length < 1;
    for (int x = 0; x < length && object; ++x)
      if (said.label == object->label && object->sides[0] * length < x + 0.5 &&
          x + 0.5 < object->sides[1] * length)
        drawing[std::size_t(x)] = char('0' + j);
  }
  for (int x = 0; x < length && print; ++x) std::printf("%c", "o.#"[int(strip.tokens[x]) + 1]);
  if (print) std::printf("    %s\n", drawing.c_str());
  return right;
}

void training() {
  constexpr int batch = 16, steps = 2000, tests = 20;
  mae::Weights<Finder, Policy> weights(1), gradients;
  mae::AdamW<Finder, Policy> optimizer;
  const mae::CosineSchedule schedule{3e-3, 0, 200, steps};
  mae::Session<mae::Program<Finder, Policy>> session(batch);
  mae::Tensor<double, Shape<dyn, L + Q, n>> tokens(batch);
  double sum = 0;
  int right = 0;
  for (int step = 0; step < steps + tests; ++step) {  // new strips every time
    for (int b = 0; b < batch; ++b) std::copy_n(Strip(step * batch + b).tokens, (L + Q) * n, &tokens(b, 0, 0));
    const auto y = session.forward(weights, tokens);  // [B, Q, width]
    auto slopes = session.seed_gradient();            // [B, Q, width]
    for (int b = 0; b < batch; ++b) {
      const Strip strip(step * batch + b);
      if (step < steps) sum += set_loss(strip, &y(b, 0, 0), &slopes(b, 0, 0)) / batch;
      else right += is_right(strip, &y(b, 0, 0), step == steps && b < 6);
    }
    if (step >= steps) continue;
    for (double& slope : slopes) slope /= batch;  // of the mean loss
    session.backward(gradients);
    optimizer.step(weights, gradients, schedule.at(step));
    // Few digits: who is matched with whom is a yes or no, which may turn on the last bit of a number.
    if (step < 1200 && (step + 1) % 400 == 0)
      std::printf("step %4d  loss %.1f\n", step + 1, std::exchange(sum, 0) / 400);
    if (step + 1 == steps) std::printf("\n%-24s    which token tells it\n", "a strip");
  }
  std::printf("at least 9 of 10 strips are right: %s\n", 10 * right >= 9 * tests * batch ? "yes" : "no");
}

}  // namespace lesson

int main() {
  lesson::by_hand();
  lesson::training();
}
