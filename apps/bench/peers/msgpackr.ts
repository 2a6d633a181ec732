export { pack, unpack } from "msgpackr"
