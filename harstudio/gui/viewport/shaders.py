"""GLSL of the viewport: small programs that run on OpenGL 2.1 and in software."""

SOLID_VERTEX = """
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec3 a_colour;
uniform mat4 u_matrix;
varying vec3 v_position;
varying vec3 v_normal;
varying vec3 v_colour;
void main() {
    v_position = a_position;
    v_normal = a_normal;
    v_colour = a_colour;
    gl_Position = u_matrix * vec4(a_position, 1.0);
}
"""

SKIN_VERTEX = """
attribute vec3 a_position;
attribute vec3 a_normal;
uniform vec3 u_colour;
uniform mat4 u_matrix;
varying vec3 v_position;
varying vec3 v_normal;
varying vec3 v_colour;
void main() {
    v_position = a_position;
    v_normal = normalize(a_normal);
    v_colour = u_colour;
    gl_Position = u_matrix * vec4(a_position, 1.0);
}
"""

# Key and fill light turn with the camera, so that form is seen from every side; light from
# above stays with the world, so that up is felt.
LIT_FRAGMENT = """
uniform vec3 u_eye;
uniform vec3 u_key;
uniform vec3 u_fill;
uniform float u_ambient;
uniform float u_edge;
uniform float u_alpha;
varying vec3 v_position;
varying vec3 v_normal;
varying vec3 v_colour;
void main() {
    vec3 normal = normalize(v_normal);
    vec3 to_eye = normalize(u_eye - v_position);
    float key = dot(normal, u_key);
    key = max(key * 0.85 + 0.15, 0.0);
    float fill = max(dot(normal, u_fill), 0.0);
    float above = 0.5 + 0.5 * normal.z;
    float light = u_ambient + 0.20 * above + 0.66 * key * key + 0.18 * fill;
    float facing = max(dot(normal, to_eye), 0.0);
    float edge = (1.0 - facing) * (1.0 - facing);
    edge *= edge;
    vec3 halfway = normalize(u_key + to_eye);
    float shine = max(dot(normal, halfway), 0.0);
    shine *= shine; shine *= shine; shine *= shine; shine *= shine;
    vec3 colour = v_colour * light + vec3(u_edge * edge + 0.07 * shine);
    gl_FragColor = vec4(colour, u_alpha);
}
"""

# A line is a strip of its width in pixels, whichever way it runs in the picture.
LINE_VERTEX = """
attribute vec3 a_position;
attribute vec3 a_other;
attribute vec2 a_shift;
attribute vec2 a_other_shift;
attribute float a_side;
attribute vec4 a_colour;
uniform mat4 u_matrix;
uniform vec2 u_half_px;
uniform float u_pixel;
varying vec4 v_colour;
void main() {
    v_colour = a_colour;
    vec4 here = u_matrix * vec4(a_position, 1.0);
    vec4 there = u_matrix * vec4(a_other, 1.0);
    vec2 at = here.xy / max(here.w, 0.01) * u_half_px + a_shift * u_pixel;
    vec2 to = there.xy / max(there.w, 0.01) * u_half_px + a_other_shift * u_pixel;
    vec2 way = to - at;
    float size = length(way);
    vec2 across = size > 1e-4 ? vec2(-way.y, way.x) / size : vec2(0.0, 0.0);
    at += across * a_side * u_pixel;
    gl_Position = vec4(at / u_half_px * here.w, here.z, here.w);
}
"""

LINE_FRAGMENT = """
uniform float u_alpha;
varying vec4 v_colour;
void main() {
    gl_FragColor = vec4(v_colour.rgb, v_colour.a * u_alpha);
}
"""

# All of the shadow gets one depth, so that the depth test lets only the first triangle through
# and nothing is darkened twice.
SHADOW_VERTEX = """
attribute vec3 a_position;
uniform mat4 u_matrix;
varying float v_height;
void main() {
    v_height = a_position.z;
    vec2 slant = vec2(0.10, 0.06) * max(a_position.z, 0.0);
    gl_Position = u_matrix * vec4(a_position.xy + slant, 0.0, 1.0);
    gl_Position.z = 0.0;
}
"""

SHADOW_FRAGMENT = """
uniform float u_strength;
varying float v_height;
void main() {
    gl_FragColor = vec4(0.0, 0.0, 0.0, u_strength * clamp(1.0 - 0.42 * v_height, 0.25, 1.0));
}
"""

FLOOR_VERTEX = """
attribute vec2 a_corner;
uniform mat4 u_matrix;
uniform vec2 u_middle;
uniform float u_radius;
varying vec2 v_place;
varying vec2 v_from_middle;
void main() {
    v_from_middle = a_corner * u_radius;
    v_place = u_middle + v_from_middle;
    gl_Position = u_matrix * vec4(v_place, 0.0, 1.0);
}
"""

FLOOR_FRAGMENT = """
uniform vec3 u_sky;
uniform vec3 u_floor;
uniform vec3 u_line;
uniform vec3 u_tint;
uniform float u_tint_share;
uniform vec2 u_tint_middle;
uniform float u_radius;
uniform float u_line_px;
varying vec2 v_place;
varying vec2 v_from_middle;
float lines(vec2 place, vec2 width) {
    vec2 away = abs(fract(place - 0.5) - 0.5) / width;
    return 1.0 - min(min(away.x, away.y), 1.0);
}
void main() {
    float out_there = length(v_from_middle) / u_radius;
    if (out_there > 1.0) discard;
    vec2 width = max(fwidth(v_place) * u_line_px, vec2(1e-5));
    float coarse = max(width.x, width.y);
    float metre = lines(v_place, width) * (1.0 - smoothstep(0.08, 0.35, coarse));
    float half_metre = lines(v_place * 2.0, width * 2.0)
        * (1.0 - smoothstep(0.02, 0.08, coarse)) * 0.45;
    vec3 colour = mix(u_floor, u_line, max(metre, half_metre));
    float from_body = distance(v_place, u_tint_middle);
    float disc = 1.0 - smoothstep(0.60 - coarse, 0.60 + coarse, from_body);
    float ring = disc * smoothstep(0.585 - coarse, 0.585 + coarse, from_body);
    colour = mix(colour, u_tint, u_tint_share * (0.26 * disc + 0.44 * ring));
    float fade = smoothstep(0.30, 1.0, out_there);
    gl_FragColor = vec4(mix(colour, u_sky, fade), 1.0);
}
"""

COPY_VERTEX = """
attribute vec2 a_corner;
varying vec2 v_place;
void main() {
    v_place = 0.5 + 0.5 * a_corner;
    gl_Position = vec4(a_corner, 0.0, 1.0);
}
"""

COPY_FRAGMENT = """
uniform sampler2D u_picture;
varying vec2 v_place;
void main() {
    gl_FragColor = vec4(texture2D(u_picture, v_place).rgb, 1.0);
}
"""
