import { Content } from "vitepress"
import { VPHomeContent, VPHomeFeatures, VPHomeHero } from "vitepress/theme"
import { type Component, h } from "vue"

/** VitePress' own landing page, as the main landmark of its document. */
const Home: Component = () =>
  h("main", { class: "VPHome" }, [h(VPHomeHero), h(VPHomeFeatures), h(VPHomeContent, () => h(Content))])

export default Home
